"""A bin is a model card with its box of valid widths and lengths."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[tuple[float, float], tuple[float, float]]
"""Range of a device: ((minimum W, maximum W), (minimum L, maximum L)) in metres."""

ANY = (0.0, 1.0)
"""An unlimited side of a box, in m."""
EDGE = 1e-9
"""Bins are kept if the box comes this close (m): ngspice decides edges, so both neighbours must be there."""


@dataclass(frozen=True)
class Bin:
    """A model card's `name`, its model, and its box in m; a card without bins has an infinite one."""

    name: str
    model: str
    width: tuple[float, float]
    length: tuple[float, float]

    def touches(self, width: tuple[float, float], length: tuple[float, float]) -> bool:
        inside = self.width[0] <= width[1] + EDGE and self.width[1] >= width[0] - EDGE
        return inside and self.length[0] <= length[1] + EDGE and self.length[1] >= length[0] - EDGE
