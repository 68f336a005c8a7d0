"""The best turn of a run is its incumbent, with everything that was measured of it."""

from __future__ import annotations

from typing import Any

from eda_agent.errors import InputError
from eda_agent.record.fold import RunState


def best_turn(state: RunState) -> dict[str, Any]:
    """The incumbent's turn as event data. Raises `InputError` if the journal has no simulated incumbent."""
    index = state.best.get("index", 0)
    for turn in state.turns:
        if turn["index"] == index and "specs" in turn:
            return turn
    raise InputError(
        f"the best of the run is turn {index}, which was not simulated\n    → the journal was changed after it was"
        " written"
    )
