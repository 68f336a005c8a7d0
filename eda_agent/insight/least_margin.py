"""The least margin of a design is that of the spec which is nearest to its target, or furthest beyond it, on its ramp.
A design fails there first, so Monte Carlo is run in the corner of that spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def least_margin(begun: Row, turn: Row) -> tuple[str, str] | None:
    """(spec, corner) of the least margin of a turn, as event data; None if no spec varies between the corners.

    Specs without a target, and those with the same value in every corner (such as the area), do not count. A spec that
    could not be measured comes before any margin.
    """
    results = turn.get("specs", {})
    values = turn.get("evaluation", {}).get("values", {})
    found = [
        (result["margin"] if result.get("margin") is not None else float("-inf"), spec["name"], result["corner"])
        for spec in begun.get("specs", ())
        if (result := results.get(spec["name"]))
        and (spec["minimum"] is not None or spec["maximum"] is not None)
        and result["corner"] in begun.get("corners", ())
        and len({row.get(spec["name"]) for row in values.values()}) > 1
    ]
    if not found:
        return None
    _, spec, corner = min(found, key=lambda one: one[0])
    return spec, corner
