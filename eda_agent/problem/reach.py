"""A reach is what sizes the devices of a kind can have while the parameters move in their ranges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.line_edit import Edit

Side = tuple[float, float]


def reach(
    elaboration: Elaboration, choices: Sequence[Mapping[Edit, tuple[float, float]]]
) -> dict[str, tuple[Side, Side, Side]]:
    """(minimum, maximum) of the total width, of a finger's width and of the length that each foundry device or model
    can reach, in the netlist's unit.

    `choices`: one entry per parameter, place → (value at its minimum, value at its maximum). Sizes are monotone in
    almost every circuit, so the extremes of each parameter alone and of all together span the box. A product of
    parameters with opposite effects is covered by trying all combinations if there are few.
    """
    patterns: set[tuple[int, ...]]
    if len(choices) <= 6:
        patterns = set(itertools.product((0, 1), repeat=len(choices)))
    else:
        patterns = {(0,) * len(choices), (1,) * len(choices)}
        for index in range(len(choices)):
            patterns.add(tuple(int(other == index) for other in range(len(choices))))
            patterns.add(tuple(int(other != index) for other in range(len(choices))))
    sides: dict[str, tuple[Side, Side, Side]] = {}
    for pattern in sorted(patterns):
        edits = {
            edit: bounds[side] for side, places in zip(pattern, choices, strict=True) for edit, bounds in places.items()
        }
        for device in elaboration.devices(edits):
            if device.kind != "m":
                continue
            name = device.library or device.model
            width, length = device.values.get("w"), device.values.get("l")
            if width is None or length is None:
                continue
            fingers = max(device.values.get("nf", 1.0), 1.0)
            found = sides.get(name, ((math.inf, -math.inf),) * 3)
            w, f, l = (  # noqa: E741  # the field's letters
                (min(low, at), max(high, at))
                for (low, high), at in zip(found, (width, width / fingers, length), strict=True)
            )
            sides[name] = w, f, l
    return sides
