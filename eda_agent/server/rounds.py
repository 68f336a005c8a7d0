"""A run for yield (`size` with robust) is a folder with one run per round: which one is shown, and how far it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eda_agent.errors import InputError
from eda_agent.files import read_file
from eda_agent.robust import RESULT, SAMPLES
from eda_agent.run.chosen import is_run


def rounds_of(folder: Path) -> list[Path]:
    """The runs of the rounds, in order; none in the folder of another run."""
    found: list[Path] = []
    while is_run(one := folder / f"round{len(found)}"):
        found.append(one)
    return found


def shown_run(folder: Path) -> Path:
    """The run to show: the folder itself, else the round with the most passing samples, the latest without samples."""
    rounds = rounds_of(folder)
    if is_run(folder) or not rounds:
        return folder
    counts = [(_json(one / SAMPLES) or {}).get("passed", -1) for one in rounds]
    return rounds[counts.index(max(counts))] if max(counts) >= 0 else rounds[-1]


def live_run(folder: Path) -> Path:
    """The run that takes commands: the folder itself, else the latest round."""
    return folder if is_run(folder) else (rounds_of(folder) or [folder])[-1]


def yield_status(folder: Path) -> dict[str, Any]:
    """How far a run for yield is; empty for another run."""
    rows = []
    for number, one in enumerate(rounds_of(folder)):
        found = _json(one / SAMPLES)
        told = {name: found[name] for name in ("passed", "samples", "interval")} if found else {}
        rows.append({"round": number, **told})
    return {"rounds": rows, **(_json(folder / RESULT) or {})} if rows else {}


def ended(folder: Path) -> bool:
    """Whether a run for yield has its result."""
    return (folder / RESULT).is_file()


def _json(path: Path) -> dict[str, Any] | None:
    """An object of a file of the run; None if there is none, or none yet."""
    try:
        data = json.loads(read_file(path))
    except (OSError, ValueError, InputError):
        return None
    return data if isinstance(data, dict) else None
