"""Repeat commands run a finished run again from its own folder, which holds the spec and the netlist as the run had them."""

from __future__ import annotations

import json
import shlex
from typing import Any

from eda_agent.record.fold import RunState

_FLAGS = {"request_seed": "no-request-seed", "timeout": "answer-timeout"}


def repeat_commands(state: RunState) -> str:
    """Lines for a shell, in the folder of the run; what a command cannot say stands in comments."""
    begun = state.started
    # as it was begun: what the user changed later stands below
    opened = {**begun, **state.opened}
    words = ["eda-agent", "size", "spec.yaml", "--policy", opened["policy"], "--seed", str(opened["seed"])]
    words += ["--budget", str(begun["budget"]["simulations"])]
    if opened.get("corner_set"):
        words += ["--corners", opened["corner_set"]]
    if opened.get("skip") is not None:
        words.append("--skip-corners" if opened["skip"] else "--all-corners")
    if opened.get("parallel"):
        # proposals made together know less of each other: the width belongs to the run
        words += ["--parallel", str(opened["parallel"])]
    for name, value in _options(opened).items():
        words += [f"--{_FLAGS.get(name, name)}"] + ([] if name == "request_seed" else [str(value)])
    if (opened.get("request") or {}).get("force"):
        words.append("--force")
    words += ["--out", "again"]
    lines = ["# in the folder of this run", shlex.join(words)]
    lines.append(f"eda-agent sim . --turn {state.best.get('index', 0)}     # the best design, simulated anew against the run's targets")
    notes = [f"the user ordered on the way: {json.dumps(edit, ensure_ascii=False)}" for edit in state.edits]
    notes += ["the user changed the policy on the way"] if state.policy else []
    notes += ["the run began with the best designs of earlier ones (--memory), which the command leaves out"] if opened.get("seeds") else []
    return "\n".join([*lines, *(f"# {note}" for note in notes)])


def _options(opened: dict[str, Any]) -> dict[str, Any]:
    options = (opened.get("request") or {}).get("options") or {}
    return {name: value for name, value in options.items() if value not in (None, "")}
