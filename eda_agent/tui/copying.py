"""What the user copies of a run: its text and the note that says so."""

from __future__ import annotations

import json
from pathlib import Path

from eda_agent.record.fold import RunState
from eda_agent.tui.view import describe


def copied(state: RunState, folder: Path, what: str) -> tuple[str, str]:
    """Specs and sizes of the best as `text`, its sizes as `json`, or the sized `netlist`.

    Raises:
        OSError: there is no sized netlist yet.
    """
    match what:
        case "netlist":
            return (folder / "sized.spice").read_text(encoding="utf-8"), "copied: the sized netlist"
        case "json":
            return json.dumps(state.best.get("sizing", {})), "copied: sizes of the best as JSON"
        case _:
            return describe(state), "copied: specs and sizes of the best"
