"""An explanation of a turn shows the policy's reasoning beside the actual changes of sizes and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.insight.complete import complete_turns, partial

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Moves:
    """`sizes`: parameter → (before, after), the largest changes in their ranges first. `results`: spec → (before,
    after), results in their worst corners, the largest change of the margin first; none if the turn was simulated in
    fewer corners than the one before, because their worst corners are not comparable.
    """

    against: int
    sizes: Mapping[str, tuple[float, float]]
    results: Mapping[str, tuple[Row, Row]]
    gained: float


def what_moved(turns: Sequence[Row], index: int, parameters: Sequence[Row], corners: int) -> Moves | None:
    """The changes of turn `index` (as event data) against the best complete turn before it; None for the baseline and
    for failed proposals.

    `corners`: the number of corners of the run.
    """
    turn = next((turn for turn in turns if turn["index"] == index), None)
    before = complete_turns([turn for turn in turns if turn["index"] < index], corners)
    if turn is None or not before or "specs" not in turn or turn["sizing"] is None:
        return None
    best = max(before, key=lambda turn: (turn["score"], turn.get("merit") or 0.0, -turn["index"]))
    sizes = {
        row["name"]: (best["sizing"][row["name"]], turn["sizing"][row["name"]])
        for row in sorted(parameters, key=lambda row: -_distance(row, best["sizing"], turn["sizing"]))
        if best["sizing"][row["name"]] != turn["sizing"][row["name"]]
    }
    changes = {
        name: (best["specs"][name], result)
        for name, result in turn["specs"].items()
        if None not in (result["margin"], best["specs"][name]["margin"]) and not partial(turn, corners)
    }
    moved = {name: abs(after["margin"] - before["margin"]) for name, (before, after) in changes.items()}
    results = {name: changes[name] for name in sorted(moved, key=lambda name: -moved[name]) if moved[name]}
    return Moves(best["index"], sizes, results, turn["score"] - best["score"])


def _distance(parameter: Row, one: Mapping[str, float], other: Mapping[str, float]) -> float:
    import math

    name, low, high = parameter["name"], parameter["minimum"], parameter["maximum"]
    if high <= low:
        return 0.0
    if parameter["scale"] == "log":
        return abs(math.log(other[name] / one[name])) / math.log(high / low)
    return abs(other[name] - one[name]) / float(high - low)
