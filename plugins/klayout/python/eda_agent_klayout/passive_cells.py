"""A resistor and a capacitor of the demonstration process as PCells: a strip of poly with a contact at each end, and a
plate over poly.

Lengths in µm. The device's name and nets are parameters, as a transistor's (`mos`).
"""

from __future__ import annotations

import pya

from . import process as p

PARAMETERS = (
    ("width", "width, µm", 0.5),
    ("length", "length, µm", 2.0),
    ("device", "name in the schematic", ""),
    ("nets", "its two nets: written as labels", ""),
)
HEAD = p.CONTACT + 2 * p.AROUND
"""Of poly with a row of contacts."""
LEAST = HEAD
"""Side of a strip or plate, at least."""
APART = 1.78
"""Between the contacts of a plate."""
BEYOND = 0.30
"""Poly beyond the plate."""


class Passive(pya.PCellDeclarationHelper):
    """What both have in common."""

    width: float
    length: float
    device: str
    nets: str

    def __init__(self) -> None:
        super().__init__()
        for name, text, default in PARAMETERS:
            kind = self.TypeString if isinstance(default, str) else self.TypeDouble
            self.param(name, kind, text, default=default)

    def coerce_parameters_impl(self) -> None:
        self.width, self.length = max(self.width, LEAST), max(self.length, LEAST)

    def _put(self, name: str, box: pya.DBox) -> None:
        # on the grid of manufacturing
        sides = (round(round(side / p.GRID) * p.GRID, 6) for side in (box.left, box.bottom, box.right, box.top))
        self.cell.shapes(p.layer(self.layout, name)).insert(pya.DBox(*sides))

    def _contacts(self, box: pya.DBox, net: int, apart: float = p.SPACE) -> None:
        """As many contacts as fit into a box so far apart, metal over them, and the label of a net."""
        step = p.CONTACT + apart
        counts = [max(1, int((side + apart + 1e-9) // step)) for side in (box.width(), box.height())]
        for column in range(counts[0]):
            for row in range(counts[1]):
                x = box.left + (box.width() - counts[0] * step + apart) / 2 + column * step
                y = box.bottom + (box.height() - counts[1] * step + apart) / 2 + row * step
                self._put("contact", pya.DBox(x, y, x + p.CONTACT, y + p.CONTACT))
        self._put("metal1", box.enlarged(p.AROUND, p.AROUND))
        nets = str(self.nets).split()
        if net < len(nets):
            text = pya.DText(nets[net], box.center().x, box.center().y)
            self.cell.shapes(p.layer(self.layout, "label")).insert(text)


class Resistor(Passive):
    """A strip of poly that runs upwards, its body between the heads."""

    def display_text_impl(self) -> str:
        return f"{self.device or 'resistor'} W={self.width:.4g} L={self.length:.4g}"

    def produce_impl(self) -> None:
        side, top = self.width / 2, self.length + HEAD
        self._put("poly", pya.DBox(-side, -HEAD, side, top))
        self._put("resistor", pya.DBox(-side, 0, side, self.length))
        inner = side - p.AROUND
        self._contacts(pya.DBox(-inner, -HEAD + p.AROUND, inner, -p.AROUND), 0)
        self._contacts(pya.DBox(-inner, self.length + p.AROUND, inner, top - p.AROUND), 1)
        self._put("outline", pya.DBox(-side, -HEAD, side, top).enlarged(p.AROUND, p.AROUND))


class Capacitor(Passive):
    """A plate over poly; the contacts of the poly are below the plate."""

    def display_text_impl(self) -> str:
        return f"{self.device or 'capacitor'} W={self.width:.4g} L={self.length:.4g}"

    def produce_impl(self) -> None:
        plate = pya.DBox(0, 0, self.width, self.length)
        row = pya.DBox(p.AROUND, -p.SPACE - p.AROUND - p.CONTACT, self.width - p.AROUND, -p.SPACE - p.AROUND)
        bottom = pya.DBox(-BEYOND, row.bottom - p.AROUND, self.width + BEYOND, self.length + BEYOND)
        self._put("poly", bottom)
        self._put("plate", plate)
        self._contacts(plate.enlarged(-p.AROUND, -p.AROUND), 0, APART)
        self._contacts(row, 1)
        self._put("outline", bottom.enlarged(p.AROUND, p.AROUND))
