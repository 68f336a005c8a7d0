"""A front is the trade-off between two specs: the turns of a run that no other turn beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.insight.complete import measured_turns

Row = Mapping[str, Any]


def front(turns: Sequence[Row], one: str, other: str, corners: int, *, rest_met: bool = True) -> list[Row]:
    """The non-dominated turns (as event data) in the margins of two specs, best in `one` first. `corners`: the number
    of corners of the run; a turn that was simulated in fewer is on no front.

    `rest_met`: only turns that meet all other specs, if there are any, because a trade-off with a failing circuit has
    no use.
    """
    able = measured_turns(turns, (one, other), corners)
    if rest_met:
        whole = [
            turn
            for turn in able
            if all(result["met"] for name, result in turn["specs"].items() if name not in (one, other))
        ]
        able = whole or able
    ranked = sorted(
        able, key=lambda turn: (-turn["specs"][one]["margin"], -turn["specs"][other]["margin"], turn["index"])
    )
    result: list[Row] = []
    for turn in ranked:
        if not result or turn["specs"][other]["margin"] > result[-1]["specs"][other]["margin"]:
            result.append(turn)
    return result
