"""A complete turn was simulated in every corner of its run.

In other turns the corners that could no longer matter were skipped (`agent.env`), so their results are bounds. They
decide nothing: not the best turn, a front, a verdict or a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def corners_of(turn: Row) -> int:
    """The number of corners in which a turn (as event data) was simulated."""
    return len(turn.get("evaluation", {}).get("values", ()))


def partial(turn: Row, corners: int) -> bool:
    """Whether a turn was simulated, but not in all of the run's corners."""
    return 0 < corners_of(turn) < corners


def complete_turns(turns: Sequence[Row], corners: int) -> list[Row]:
    """The turns that were simulated in every corner."""
    return [turn for turn in turns if "specs" in turn and not partial(turn, corners)]


def measured_turns(turns: Sequence[Row], names: Sequence[str], corners: int) -> list[Row]:
    """The complete turns in which each of these specs has a value. The margin of one that could not be measured is a
    number too.
    """
    return [
        turn
        for turn in complete_turns(turns, corners)
        if all(turn["specs"][name]["value"] is not None for name in names)
    ]


def share_text(turn: Row, corners: int) -> str:
    """`3 of 17 corners` of a partial turn, else ""."""
    return f"{corners_of(turn)} of {corners} corners" if partial(turn, corners) else ""
