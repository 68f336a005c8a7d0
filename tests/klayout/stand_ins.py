"""Stand-ins for the PCell libraries of three processes: their names, parameters and meanings as they are published, and nothing of their drawing but
channel and diffusion. What a table writes to them must come out as the transistor that is meant.

* SKY130 and GF180MCU: `w` is one finger's, a number of µm (in the package gf180mcu, whose cells are those of the PDK, the diffusion is as high as `w_gate` whatever nf is).
* SG13G2: `w` is that of all fingers, and every parameter is a text (in the package ihp-gdsfactory, whose cells repeat the PDK's, a finger is `width / ng`).
"""

from __future__ import annotations

from typing import Any, ClassVar

import pya

GATE, DIFFUSION = pya.LayerInfo(1, 0), pya.LayerInfo(2, 0)
SPACE = 0.4
"""Between two channels, µm."""


class Transistor(pya.PCellDeclarationHelper):
    """`NAMES`: w, l, fingers and copies as they are called; `TOTAL`: w is that of all fingers; `TEXT`: parameters are text."""

    NAMES: ClassVar[tuple[str, ...]] = ()
    TOTAL: ClassVar[bool] = False
    TEXT: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        for name, value in zip(self.NAMES, (0.5, 0.2, 1, 1), strict=False):
            kind = self.TypeString if self.TEXT else self.TypeDouble if isinstance(value, float) else self.TypeInt
            self.param(name, kind, name, default=(f"{value}u" if isinstance(value, float) else str(value)) if self.TEXT else value)

    def display_text_impl(self) -> str:
        return "transistor"

    def produce_impl(self) -> None:
        values: list[Any] = [getattr(self, name) for name in self.NAMES]
        if self.TEXT:
            assert all(isinstance(value, str) for value in values), values
            values = [float(values[0].removesuffix("u")), float(values[1].removesuffix("u")), *map(int, values[2:])]
        width, length, fingers = values[:3]
        copies = values[3] if len(values) > 3 else 1
        finger = width / fingers if self.TOTAL else width
        step = (length + SPACE) * fingers + SPACE
        for copy in range(copies):
            x = copy * (step + SPACE)
            self.cell.shapes(self.layout.layer(DIFFUSION)).insert(pya.DBox(x, 0, x + step, finger))
            for number in range(fingers):
                left = x + SPACE + number * (length + SPACE)
                self.cell.shapes(self.layout.layer(GATE)).insert(pya.DBox(left, -0.1, left + length, finger + 0.1))


class Sky130(Transistor):
    NAMES = ("w", "l", "nf")


class Gf180(Transistor):
    NAMES = ("w_gate", "l_gate", "nf")


class Sg13g2(Transistor):
    NAMES = ("w", "l", "ng", "m")
    TOTAL = TEXT = True


class Library(pya.Library):
    """Its cells under the names of a process."""

    def __init__(self, name: str, cells: tuple[str, ...], kind: type[Transistor]):
        super().__init__()
        for cell in cells:
            self.layout().register_pcell(cell, kind())
        self.register(name)


def libraries() -> dict[str, pya.Library]:
    """Table → its library, registered. The caller deletes them."""
    return {
        "sky130A": Library("skywater130", ("nfet", "pfet"), Sky130), "gf180mcuD": Library("gf180mcu", ("nfet", "pfet"), Gf180),
        "ihp-sg13g2": Library("SG13_dev", ("nmos", "pmos"), Sg13g2),
    }  # fmt: skip


def drawn(instance: pya.Instance) -> tuple[float, float]:
    """(width of all fingers and copies, length) of a stand-in, µm, from its shapes."""
    cell, layout = instance.cell, instance.cell.layout()
    gates = pya.Region(cell.begin_shapes_rec(layout.layer(GATE))) & pya.Region(cell.begin_shapes_rec(layout.layer(DIFFUSION)))
    length = min(box.width() for box in (polygon.bbox() for polygon in gates.each())) * layout.dbu
    return gates.area() * layout.dbu**2 / length, length
