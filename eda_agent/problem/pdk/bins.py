"""A bin is a model card with the box of widths and lengths that it holds in."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[tuple[float, float], tuple[float, float]]
"""Reach of a device: ((smallest W, largest W), (smallest L, largest L)) in metres."""

ANY = (0.0, 1.0)
"""The side of a box that is not bounded, in m."""
EDGE = 1e-9
"""Bins are kept when the box comes this close (m): ngspice decides edges, so both neighbours must be there."""


@dataclass(frozen=True)
class Bin:
    """A model card's `name`, the model it is a bin of, and its box in m; a card without bins has an infinite one."""

    name: str
    model: str
    width: tuple[float, float]
    length: tuple[float, float]

    def touches(self, width: tuple[float, float], length: tuple[float, float]) -> bool:
        inside = self.width[0] <= width[1] + EDGE and self.width[1] >= width[0] - EDGE
        return inside and self.length[0] <= length[1] + EDGE and self.length[1] >= length[0] - EDGE
