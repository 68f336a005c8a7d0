"""A comparison names the transistors that are drawn with another width or length than the schematic's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from eda_agent.problem.extracted.correspondence import Correspondence
from eda_agent.problem.flat import FlatDevice

SAME = 0.02
"""Sizes within this share are equal, because a layout has a grid."""
SHOWN = 8
"""Devices that are named."""


def other_sizes(found: Correspondence, flat: Sequence[FlatDevice]) -> list[str]:
    """A remark on the transistors with another W or L; none if all agree. `flat`: the schematic's devices."""
    width: dict[str, float] = defaultdict(float)
    length: dict[str, float] = {}
    for device, label in zip(found.fets, found.names, strict=True):
        width[label] += device.values.get("w", 0.0) * device.values.get("m", 1.0)
        length[label] = device.values.get("l", 0.0)
    other = []
    for own in flat:
        if own.label not in width or not {"w", "l"} <= own.values.keys():
            continue
        drawn = (width[own.label], length[own.label])
        meant = (own.values["w"] * own.values.get("m", 1.0), own.values["l"])
        if any(abs(one - right) > SAME * right for one, right in zip(drawn, meant, strict=True)):
            other.append(f"{own.label} {drawn[0]:.4g}/{drawn[1]:.4g} for {meant[0]:.4g}/{meant[1]:.4g}")
    if not other:
        return []
    more = " …" if len(other) > SHOWN else ""
    return [f"drawn with another W/L than the schematic's: {', '.join(other[:SHOWN])}{more}"]
