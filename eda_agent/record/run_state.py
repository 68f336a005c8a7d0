"""The state of a run in a folder, and one of its turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal

NO_TURN = "wait until its first design is simulated, or continue it with --resume if it has ended"
"""What to do about a run without a turn."""


def load_state(folder: Path) -> RunState:
    """The state of a run that has at least its baseline. Raises `InputError`."""
    state = fold(read_journal(folder / "journal.jsonl"))
    if not state.turns:
        raise InputError(Finding("the run has no turn yet", folder, fix=NO_TURN))
    return state


def chosen_turn(state: RunState, number: int | None, folder: Path) -> dict[str, Any]:
    """The turn of that number, or the best. Raises `InputError`."""
    wanted = number if number is not None else state.best.get("index", 0)
    for turn in state.turns:
        if turn["index"] == wanted:
            return turn
    raise InputError(Finding(f"the run has no turn {wanted}", folder, fix=f"turns are 0 to {state.turns[-1]['index']}"))
