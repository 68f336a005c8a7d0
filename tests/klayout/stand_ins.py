"""Stand-ins for the PCell libraries of three processes: the names, parameters, defaults, choices and least sizes that
their public repositories register (`published.json`, read off the libraries themselves in KLayout), and of their
drawing nothing but channel, diffusion, implant, well, the mark of thick oxide, and contacts with metal (none on a gate
of SG13G2), on the layers of the process.

* SKY130 and GF180MCU: `w` is one finger's, a number of µm.
* SG13G2: `w` is that of all fingers, every parameter is a text, and `m` is for the netlist: one transistor is drawn
whatever it says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pya

from eda_agent.klayout.layers import Layers, of_table
from eda_agent.klayout.rules import layer_of
from eda_agent.klayout.table import read_table

from .stand_in_passives import stand_in

SPACE = 0.4
"""Between two channels, µm."""
PUBLISHED: list[dict[str, Any]] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
"""One entry a version of a library, the newest first."""


class Transistor(pya.PCellDeclarationHelper):
    """`facts`: an entry of `PUBLISHED`; `cell`: one of its PCells."""

    def __init__(self, facts: dict[str, Any], cell: str):
        super().__init__()
        self.facts, self.parameters = facts, facts["pcells"][cell]
        self.pcell = cell
        self.layers, self.p = layers(facts["table"]), cell.startswith("p")
        self.names = [
            next((name for name in names if name in self.parameters), "")
            for names in (("w_gate", "w"), ("l_gate", "l"), ("nf", "ng"))
        ]
        for name, default in self.parameters.items():
            value = default["default"] if isinstance(default, dict) else default
            kind = (
                self.TypeString
                if isinstance(value, str)
                else self.TypeDouble
                if isinstance(value, float)
                else self.TypeInt
                if isinstance(value, int)
                else self.TypeList
            )
            self.param(name, kind, name, default=value)

    def display_text_impl(self) -> str:
        return "transistor"

    def coerce_parameters_impl(self) -> None:
        for name, least in self.facts["least"].items():
            setattr(self, name, max(getattr(self, name), least))

    def produce_impl(self) -> None:
        for name, default in self.parameters.items():
            given = getattr(self, name)
            if isinstance(default, dict):
                assert given in (*default["choices"], default["default"]), (name, given)
            elif default is not None and not isinstance(default, list):
                assert isinstance(given, type(default)) or {type(given), type(default)} <= {bool, int, float}, (
                    name,
                    given,
                )
        width, length, fingers = (getattr(self, name) for name in self.names)
        if isinstance(width, str):
            assert width.endswith("u") and length.endswith("u"), (width, length)
            width, length, fingers = float(width[:-1]), float(length[:-1]), int(fingers)
        finger = width / fingers if self.facts["width"] == "all" else width
        step = (length + SPACE) * fingers + SPACE
        diffusion = pya.DBox(0, 0, step, finger)
        self._draw(self.layers.active, diffusion)
        implant = self.layers.pplus if self.p else self.layers.nplus
        if implant is not None:
            self._draw(implant, diffusion.enlarged(0.1, 0.1))
        if self.p:
            self._draw(self.layers.nwell, diffusion.enlarged(0.2, 0.2))
        for number in range(fingers):
            left = SPACE + number * (length + SPACE)
            self._draw(self.layers.poly, pya.DBox(left, -0.1, left + length, finger + 0.1))
            if self.facts["table"] != "ihp-sg13g2":
                self._contact(pya.DPoint(left + length / 2, finger + 0.35))
                self._draw(self.layers.poly, pya.DBox(left, finger, left + length, finger + 0.5))
        for number in range(fingers + 1):
            self._contact(pya.DPoint(SPACE / 2 + number * (length + SPACE), finger / 2))
        for mark in self._marks():
            self._draw(mark, diffusion.enlarged(0.5, 0.5))

    def _marks(self) -> list[tuple[int, int]]:
        """The layers that mark its oxide as thick."""
        marks = [layer_of(one) for one in (read_table(self.facts["table"]).rules or {}).get("marks", ())]
        # an attribute of a parameter belongs to the class: another library may have made it
        volt = self.volt if "volt" in self.parameters else "5V" if self.pcell.endswith("HV") else ""
        return marks if volt == "5V" else marks[:1] if volt == "6V" else []

    def _contact(self, at: pya.DPoint) -> None:
        self._draw(self.layers.contact, pya.DBox(-0.08, -0.08, 0.08, 0.08).moved(at - pya.DPoint()))
        self._draw(self.layers.metals[0][0], pya.DBox(-0.12, -0.12, 0.12, 0.12).moved(at - pya.DPoint()))

    def _draw(self, layer: tuple[int, int], box: pya.DBox) -> None:
        self.cell.shapes(self.layout.layer(*layer)).insert(box)


class Library(pya.Library):
    """The PCells of an entry of `PUBLISHED`, under its name or another. The caller deletes it."""

    def __init__(self, facts: dict[str, Any], name: str = ""):
        super().__init__()
        for cell in facts["pcells"]:
            self.layout().register_pcell(cell, Transistor(facts, cell))
        for cell in facts.get("passives", {}):
            self.layout().register_pcell(cell, stand_in(facts, cell))
        self.register(name or facts["library"])


def version(table: str, number: int = 0) -> dict[str, Any]:
    """The facts of a version of a table's library, the newest first."""
    return [facts for facts in PUBLISHED if facts["table"] == table][number]


def layers(table: str) -> Layers:
    found = of_table(read_table(table))
    assert found is not None
    return found


def drawn(instance: pya.Instance, table: str) -> tuple[float, float]:
    """(width of all fingers and copies, length) of a PCell, µm, from its shapes."""
    cell, layout = instance.cell, instance.cell.layout()
    poly, active = (
        pya.Region(cell.begin_shapes_rec(layout.layer(*layer))) for layer in (layers(table).poly, layers(table).active)
    )
    gates = (poly & active).merged()
    length = min(box.width() for box in (polygon.bbox() for polygon in gates.each())) * layout.dbu
    return gates.area() * layout.dbu**2 / length, length
