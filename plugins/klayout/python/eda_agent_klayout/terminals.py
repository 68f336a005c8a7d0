"""The terminals of a drawn transistor are found in its shapes: source, drain, source, … from left to right between the
gates, and the gate's contact, or its poly.
"""

from __future__ import annotations

from collections.abc import Mapping

import pya

from .rules import Rules

Terminals = Mapping[str, "list[tuple[str, pya.Box]]"]
"""d, g or s → the pieces of metal on it, or of poly where the PCell has no contact there: (layer, box in the device's
own coordinates, database units).
"""


def terminals(cell: pya.Cell, rules: Rules) -> Terminals:
    """Of a PCell with one row of fingers whose gates run upwards."""
    layout = cell.layout()

    def all_of(name: str) -> pya.Region:
        return pya.Region(cell.begin_shapes_rec(rules.layer(layout, name))).merged()

    active, poly, contact, metal = (all_of(name) for name in ("active", "poly", "contact", "metal"))
    found: dict[str, list[tuple[str, pya.Box]]] = {"d": [], "g": [], "s": []}
    gates = active & poly
    diffusions = (active.interacting(gates) - poly).merged()
    for number, polygon in enumerate(sorted(diffusions.each(), key=lambda one: one.bbox().left)):
        touched = metal.interacting(contact & pya.Region(polygon))
        found["sd"[number % 2]] += [("metal", _inside(one)) for one in touched.each()]
    found["g"] = [("metal", _inside(one)) for one in metal.interacting((contact & poly) - active).each()]
    if not found["g"]:
        found["g"] = [("poly", one.bbox()) for one in poly.interacting(gates).each()]
    return {name: list(dict.fromkeys(boxes)) for name, boxes in found.items()}


def _inside(polygon: pya.Polygon) -> pya.Box:
    """The largest box of a piece of metal: the middle of a comb may be another net's."""
    return max((part.bbox() for part in polygon.decompose_trapezoids()), key=lambda box: box.area())
