"""The folder of a run holds `journal.jsonl`, a copy of the spec and its files (`run.spec_copy`), `best.json` and
`sized.spice`.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from eda_agent.agent.turn import Turn
from eda_agent.errors import Finding, InputError, StorageError
from eda_agent.files import write_text
from eda_agent.problem.spec import Problem
from eda_agent.record.export import sized_netlist
from eda_agent.record.export_note import verdict_text, with_note
from eda_agent.run.request import Request


def run_folder(request: Request, problem: Problem) -> Path:
    """Create the folder of the run: `--out`, or runs/NAME-POLICY-TIME, with a number if another run has taken the name
    in the same second.
    """
    wanted = default_folder(problem.name, request.chosen_policy)
    folder = request.out or wanted
    try:
        if request.out is None:
            return new_folder(wanted)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Finding(f"cannot create the folder of the run: {error.strerror}", folder, fix="choose another --out")
        ) from None
    return folder


def default_folder(name: str, policy: str) -> Path:
    """runs/NAME-POLICY-TIME of a problem of this name and a policy that start now."""
    return Path("runs") / f"{name}-{_word(policy)}-{datetime.now():%Y%m%d-%H%M%S}"


def new_folder(wanted: Path) -> Path:
    """Create a folder with a name that no other process has taken; creating it decides."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    folder, number = wanted, 1
    while True:
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            number += 1
            folder = wanted.with_name(f"{wanted.name}-{number}")


def _word(policy: str) -> str:
    """A policy's name as part of a file name: `python:mine.Climb` has a colon."""
    return re.sub(r"[^\w.-]+", "-", policy)[-40:]


def write_artifacts(problem: Problem, folder: Path, best: Turn) -> dict[str, str]:
    """Write best.json and sized.spice for the incumbent. Raises `StorageError`."""
    assert best.sizing is not None and best.score is not None
    data: dict[str, Any] = {
        "turn": best.index,
        "score": best.value,
        "met": best.met,
        "sizing": dict(best.sizing),
        "specs": {
            result.spec: {"value": result.value, "corner": result.corner, "met": result.met}
            for result in best.score.results
        },
    }
    try:
        write_text(folder / "best.json", json.dumps(data, indent=2) + "\n")
        verdict = verdict_text(data["specs"], len(problem.corners), len(problem.corners))
        netlist = with_note(sized_netlist(problem, best.sizing), folder.resolve().name, best.index, verdict)
        write_text(folder / "sized.spice", netlist)
    except OSError as error:
        raise StorageError(
            f"{folder}: the result cannot be written: {error.strerror}\n    → free disk space, then --resume"
        ) from None
    return {
        "journal": str(folder / "journal.jsonl"),
        "best": str(folder / "best.json"),
        "netlist": str(folder / "sized.spice"),
    }
