"""A MOS transistor of the demonstration process: fingers side by side, a line for the drain above, for the source
below, the gate's below that, and a row of well contacts at the bottom.

The device's name is a parameter, which GDS keeps with the PCell; it would lose a property. Lengths in µm.
"""

from __future__ import annotations

import pya

from . import passive_cells, title
from . import process as p

PARAMETERS = (
    ("kind", "nmos or pmos", "nmos"),
    ("width", "total width of the fingers, µm", 2.0),
    ("length", "length, µm", 0.28),
    ("nf", "fingers", 1),
    ("m", "copies beside each other", 1),
    ("device", "name in the schematic", ""),
    ("nets", "drain, gate, source, bulk: written as labels", ""),
    ("dummy", "all terminals are the bulk's", False),
)
"""(name, description, default)."""

NARROWEST = 0.1
"""Finger, µm."""
TERMINALS = ("d", "g", "s", "b")


def box(layout: pya.Layout, left: float, bottom: float, right: float, top: float) -> pya.Box:
    """A box in database units, from µm, with its sides on the grid."""
    dbu = layout.dbu
    return pya.Box(*(round(side / dbu) for side in (left, bottom, right, top)))


def draw(
    layout: pya.Layout,
    cell: pya.Cell,
    kind: str,
    w: float,
    length: float,
    nf: int,
    m: int,
    nets: tuple[str, ...],
    dummy: bool,
) -> None:
    """Draw into a cell, with the middle of the first source's left edge at the origin. `w`: of all fingers of one copy
    together.
    """
    # whole steps of the grid, so that all fingers have the same width
    finger = round(w / nf / layout.dbu) * layout.dbu
    length = round(length / layout.dbu) * layout.dbu
    bottom = -_snapped(finger / 2)
    top = bottom + finger
    below = bottom - p.SPACE - p.METAL
    gate_line = below - p.SPACE - p.METAL
    above = top + p.SPACE
    tap = gate_line - p.SPACE - p.METAL
    place = 0.0
    shapes = {name: cell.shapes(p.layer(layout, name)) for name in p.LAYERS}

    def put(name: str, left: float, bottom: float, right: float, top: float) -> None:
        shapes[name].insert(box(layout, left, bottom, right, top))

    def contacts(left: float, bottom: float, right: float, top: float, metal: bool = True) -> None:
        """As many contacts as fit between the sides, centred; at least one."""
        for x in _places(left, right):
            for y in _places(bottom, top):
                put("contact", x, y, x + p.CONTACT, y + p.CONTACT)
        if metal:
            put("metal1", left - p.AROUND / 2, bottom - p.AROUND / 2, right + p.AROUND / 2, top + p.AROUND / 2)

    start = place
    for _copy in range(m):
        left = place
        x = left + p.AROUND
        for number in range(nf + 1):
            # diffusions are source, drain, source, …
            column = (x, x + p.CONTACT)
            contacts(column[0], bottom + p.AROUND, column[1], top - p.AROUND)
            if finger < p.CONTACT + 2 * p.AROUND:
                # room for the contact beside a narrower gate
                put(
                    "active",
                    column[0] - p.AROUND,
                    -p.CONTACT / 2 - p.AROUND,
                    column[1] + p.AROUND,
                    p.CONTACT / 2 + p.AROUND,
                )
            # an even one connects down to the source's line, an odd one up to the drain's
            if number % 2 == 0:
                put("metal1", column[0] - p.AROUND / 2, below, column[1] + p.AROUND / 2, 0.0)
            else:
                put("metal1", column[0] - p.AROUND / 2, 0.0, column[1] + p.AROUND / 2, above + p.METAL)
            if number < nf:
                gate = x + p.CONTACT + p.TO_GATE
                put("poly", gate, gate_line, gate + length, top + p.END)
                x = gate + length + p.TO_GATE
        right = x + p.CONTACT + p.AROUND
        put("active", left, bottom, right, top)
        place = right + 2 * p.SPACE
    end = place - 2 * p.SPACE
    put("metal1", start, below, end, below + p.METAL)
    put("metal1", start, above, end, above + p.METAL)
    put("poly", start, gate_line, end, gate_line + p.METAL)
    contacts(start + p.AROUND, gate_line + p.AROUND, end - p.AROUND, gate_line + p.METAL - p.AROUND, metal=False)
    put("metal1", start, gate_line, end, gate_line + p.METAL)
    put("active", start, tap, end, tap + p.METAL)
    contacts(start + p.AROUND, tap + p.AROUND, end - p.AROUND, tap + p.METAL - p.AROUND, metal=False)
    put("metal1", start, tap, end, tap + p.METAL)
    own, other = ("pplus", "nplus") if kind == "pmos" else ("nplus", "pplus")
    put(own, start - p.IMPLANT, bottom - p.IMPLANT, end + p.IMPLANT, top + p.IMPLANT)
    put(other, start - p.IMPLANT, tap - p.IMPLANT / 2, end + p.IMPLANT, tap + p.METAL + p.IMPLANT / 2)
    if kind == "pmos":
        put("nwell", start - p.WELL, tap - p.WELL, end + p.WELL, top + p.WELL)
    lines = {"d": above, "g": gate_line, "s": below, "b": tap}
    if dummy:
        # a line of metal down each side ties everything to the bulk: the dummy is its own mirror image
        for left, right, reach in (
            (start - p.METAL - p.SPACE, start - p.SPACE, start + p.METAL),
            (end + p.SPACE, end + p.SPACE + p.METAL, end - p.METAL),
        ):
            put("metal1", left, tap, right, above + p.METAL)
            for line in lines.values():
                put("metal1", min(left, reach), line, max(right, reach), line + p.METAL)
        put("dummy", start, tap, end, above + p.METAL)
    for terminal, net in zip(TERMINALS, nets, strict=False):
        if net:
            where = pya.Point(
                round((start + p.METAL / 2) / layout.dbu), round((lines[terminal] + p.METAL / 2) / layout.dbu)
            )
            shapes["label"].insert(pya.Text(net, pya.Trans(pya.Vector(where))))
    put("outline", start - p.WELL, tap - p.WELL, end + p.WELL, max(above + p.METAL, top + p.END) + p.WELL)


def _snapped(length: float) -> float:
    """To the grid of manufacturing."""
    return round(length / p.GRID) * p.GRID


def _places(low: float, high: float) -> list[float]:
    """The positions of contacts between two sides."""
    count = max(1, int((high - low + p.SPACE + 1e-9) // (p.CONTACT + p.SPACE)))
    used = count * p.CONTACT + (count - 1) * p.SPACE
    first = _snapped((low + high - used) / 2)
    return [first + number * (p.CONTACT + p.SPACE) for number in range(count)]


class Mos(pya.PCellDeclarationHelper):
    """The transistor as a PCell."""

    kind: str
    width: float
    length: float
    nf: int
    m: int
    nets: str
    dummy: bool
    device: str

    def __init__(self) -> None:
        super().__init__()
        kinds = {str: self.TypeString, float: self.TypeDouble, int: self.TypeInt, bool: self.TypeBoolean}
        for name, text, default in PARAMETERS:
            self.param(name, kinds[type(default)], text, default=default)

    def display_text_impl(self) -> str:
        return f"{self.device or self.kind} W={self.width:.4g} L={self.length:.4g} nf={self.nf} m={self.m}"

    def coerce_parameters_impl(self) -> None:
        self.nf, self.m = max(1, int(self.nf)), max(1, int(self.m))
        self.width = max(self.width, self.nf * NARROWEST)
        self.length = max(self.length, 0.05)
        if self.kind not in {"nmos", "pmos"}:
            self.kind = "nmos"

    def produce_impl(self) -> None:
        nets = tuple(str(self.nets).split()) if self.nets else ()
        draw(self.layout, self.cell, self.kind, self.width, self.length, self.nf, self.m, nets, bool(self.dummy))


LIBRARY = "eda-agent"


class Demonstration(pya.Library):
    """The library of the demonstration process."""

    def __init__(self) -> None:
        super().__init__()
        self.description = "eda-agent demonstration devices"
        self.layout().register_pcell("MOS", Mos())
        self.layout().register_pcell("RES", passive_cells.Resistor())
        self.layout().register_pcell("CAP", passive_cells.Capacitor())
        self.layout().register_pcell(title.CELL, title.Title())
        self.register(LIBRARY)


def library() -> pya.Library:
    """The registered library; it is registered at the first call."""
    found = pya.Library.library_by_name(LIBRARY)
    return found if found is not None else Demonstration()
