"""A process is the layers of a technology and the distances between the shapes of its devices.

The package's own demonstration process is drawn here; a foundry's devices are its own PCells, named in a table
(`tables/`).
"""

from __future__ import annotations

import pya

LAYERS = {
    "active": (1, 0),
    "poly": (2, 0),
    "nplus": (3, 0),
    "pplus": (4, 0),
    "nwell": (5, 0),
    "contact": (6, 0),
    "metal1": (7, 0),
    "label": (7, 1),
    "pin": (7, 2),
    "dummy": (8, 0),
    "outline": (9, 0),
    "resistor": (10, 0),
    "plate": (11, 0),
}
"""Name → (layer, datatype) of the demonstration process. Poly under `resistor` is the body of one; a `plate` lies over
poly.
"""

GRID = 0.005
"""Of manufacturing, µm."""
CONTACT = 0.22
"""Side of a contact, µm; the other lengths are also in µm."""
SPACE = 0.28
"""Between contacts of one row, and between metal lines."""
AROUND = 0.10
"""Active, poly and metal beyond a contact."""
TO_GATE = 0.16
"""From a contact to the gate beside it."""
END = 0.25
"""Poly beyond the active area."""
IMPLANT = 0.20
"""Implant beyond the active area."""
WELL = 0.50
"""Well beyond the active area."""
METAL = 0.42
"""Width of the lines that join fingers."""


def layer(layout: pya.Layout, name: str) -> int:
    """The index of a layer in a layout, created if it is new."""
    return layout.layer(pya.LayerInfo(*LAYERS[name], name))
