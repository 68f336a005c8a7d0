"""A reply is what a simulator says of one deck: what it measured, operating points, or why there is nothing.

It crosses a border twice, from a confined process that a netlist might have taken over, and from a file that somebody might have given the user.
Its form is looked at before anything is made of it; what it says of a circuit nobody can check.
"""

from __future__ import annotations

import math
from typing import Any

from eda_agent.simulation.failure import HINTS

LONGEST = 20_000
"""Characters of a word: a simulator's log is shortened to less."""
BOUNDS = ("", ">", "<")
"""Where the truth lies: at a measured number, above it, below it."""


def sound(reply: object) -> bool:
    """Whether this is a reply: {metrics: name → [number or null, why, bound]} or {failure: {kind, words}}, with operating_point, seconds, and
    `wanted`: metric → how many times longer or wider its window should be."""
    if not isinstance(reply, dict) or not _number(reply.get("seconds", 0.0)):
        return False
    if "failure" in reply:
        failure = reply["failure"]
        return isinstance(failure, dict) and failure.get("kind") in HINTS and _word(failure.get("words"))
    metrics, points, wanted = reply.get("metrics"), reply.get("operating_point", {}), reply.get("wanted", {})
    return (
        isinstance(metrics, dict)
        and all(map(_measured, metrics.values()))
        and isinstance(wanted, dict)
        and all(metric in metrics and _number(factor) for metric, factor in wanted.items())
        and isinstance(points, dict)
        # what a model does not have is nan: vth of a level-1 transistor
        and all(isinstance(numbers, dict) and all(map(_float, numbers.values())) for numbers in points.values())
    )


def _measured(entry: object) -> bool:
    """Whether this is [number or null, why, bound]; only a number has a bound."""
    if not isinstance(entry, list) or len(entry) != 3 or not _word(entry[1]) or entry[2] not in BOUNDS:
        return False
    return not entry[2] if entry[0] is None else _number(entry[0])


def sound_preparation(found: object) -> bool:
    """Whether this is what was found out about a deck: {flat, nodeset: node → volts, deviation: analysis → number, or null}."""
    if not isinstance(found, dict) or not isinstance(found.get("flat"), bool) or "deviation" not in found:
        return False
    tables: list[Any] = [found.get("nodeset"), {} if found["deviation"] is None else found["deviation"]]
    return all(isinstance(table, dict) and all(map(_number, table.values())) for table in tables)


def _float(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST
