"""A ladder's ratio is that of its legs to its rungs: 2, and one parameter sizes both."""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.kinds import CONVERTER
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import own_value

_NEAR = 0.05
"""Relative deviation from 2: a designer may subtract the switches' resistance from the legs."""


def ladder_ties(draft: Draft, paths: Mapping[str, str]) -> dict[Edit, Edit]:
    """Place of the first leg → place of the first rung, for the resistance or the length, and for the width.

    The legs of a ladder and its end are equal, and so are its rungs. `paths`: label → path.
    """
    if draft.kind.name != CONVERTER:
        return {}
    bits = sum(re.fullmatch(r"b\d+", role) is not None for role in draft.kind.ports)
    found: dict[tuple[float, ...], list[list[Edit]]] = {}
    for path in dict.fromkeys(paths[one.name] for one in draft.structure.passives if one.kind == "r"):
        places = _places(draft, path)
        values = [own_value(place, draft.netlist, draft.subckt) for place in places]
        known = tuple(float(f"{value:.9g}") for value in values if value)
        if len(known) == len(places):
            found.setdefault(known, []).append(places)
    pairs = [
        (legs, rungs)
        for one, legs in found.items()
        for other, rungs in found.items()
        if len(one) == len(other) and len(legs) >= bits and len(rungs) >= bits - 1 and _is_double(one, other)
    ]
    if len(pairs) != 1:
        return {}
    [(legs, rungs)] = pairs
    return dict(zip(legs[0], rungs[0], strict=True))


def _places(draft: Draft, path: str) -> list[Edit]:
    """The places of a resistor's sizes, the one that its resistance is proportional to first."""
    scope, _, name = path.rpartition(".")
    cell = draft.netlist.subcircuits[scope or draft.subckt]
    device = cell.device(name)
    assert device is not None
    rule = draft.pdk.device(device.value) if device.kind == "x" else None
    sides = ("value",) if rule is None else tuple(sorted(rule.names))
    return [Edit(cell.name, name, side) for side in sides]


def _is_double(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether the first size is twice that of the other, and the others are equal."""
    return abs(one[0] / other[0] - 2) < 2 * _NEAR and one[1:] == other[1:]
