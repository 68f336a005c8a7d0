"""A complete turn was simulated in every corner of its run.

Of others the corners were left out that could no longer matter (`agent.env`): what is known of them is a bound. They never decide anything: not
the best so far, no front, no verdict, no comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def corners_of(turn: Row) -> int:
    """How many corners a turn (as event data) was simulated in."""
    return len(turn.get("evaluation", {}).get("values", ()))


def partial(turn: Row, corners: int) -> bool:
    """Whether a turn was simulated, and not in all of the run's corners."""
    return 0 < corners_of(turn) < corners


def complete_turns(turns: Sequence[Row], corners: int) -> list[Row]:
    """The turns that were simulated in every corner."""
    return [turn for turn in turns if "specs" in turn and not partial(turn, corners)]


def share_text(turn: Row, corners: int) -> str:
    """`3 of 17 corners` of a partial turn, else ""."""
    return f"{corners_of(turn)} of {corners} corners" if partial(turn, corners) else ""
