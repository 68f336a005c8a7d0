"""Layers define the shapes of a layout that are channels, diffusion, wells and wires, and the places of their labels:
for the demonstration process, or for a table's (`layers`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pya

from . import process
from .instances import Reader
from .steps import Work, each, finish
from .table import NETS, Table

Layer = tuple[int, int]
"""Layer and datatype."""


@dataclass(frozen=True)
class Layers:
    """`nplus`: None if everything outside `pplus` is; `tap`: diffusion of taps if it has its own layer; `metals`: each
    with its labels, from below; `vias` between them.
    """

    active: Layer
    poly: Layer
    nwell: Layer
    pplus: Layer
    nplus: Layer | None
    contact: Layer
    metals: tuple[tuple[Layer, Layer], ...]
    vias: tuple[Layer, ...] = ()
    tap: Layer | None = None


DEMONSTRATION = Layers(
    active=process.LAYERS["active"],
    poly=process.LAYERS["poly"],
    nwell=process.LAYERS["nwell"],
    pplus=process.LAYERS["pplus"],
    nplus=process.LAYERS["nplus"],
    contact=process.LAYERS["contact"],
    metals=((process.LAYERS["metal1"], process.LAYERS["text"]),),
)


def of_table(table: Table) -> Layers | None:
    """The layers of a table, None without any: its PCells' shapes are then unknown."""
    if table.layers is None:
        return None
    found = {name: _layer(words) for name, words in table.layers.items() if isinstance(words, str)}
    return Layers(
        active=found["active"],
        poly=found["poly"],
        nwell=found["nwell"],
        pplus=found["pplus"],
        nplus=found.get("nplus"),
        contact=found["contact"],
        tap=found.get("tap"),
        metals=tuple((_layer(shapes), _layer(labels)) for shapes, labels in table.layers["metals"]),
        vias=tuple(_layer(words) for words in table.layers.get("vias", ())),
    )


def _layer(words: str) -> Layer:
    layer, datatype = words.split("/")
    return int(layer), int(datatype)


@dataclass(frozen=True)
class Terminal:
    """`on`: active or poly; `at`: a point of it, in database units of the cell; the bulk has no point."""

    net: str
    on: str
    at: pya.Point | None = None
    kind: str = ""


def terminals(cell: pya.Cell, table: Table, layers: Layers) -> list[Terminal]:
    """`finding`, all of it now."""
    return finish(finding(cell, table, layers))


def finding(cell: pya.Cell, table: Table, layers: Layers) -> Work[list[Terminal]]:
    """The places and nets of the terminals of a cell's PCells, from the nets stored in an instance and from its shapes.

    Sources and drains alternate from the left, beginning with a source. PCells with their own labels have none here.
    """
    result: list[Terminal] = []
    known: dict[int, tuple[list[pya.Point], list[pya.Point]]] = {}
    reader = Reader(cell, table, None)

    def find(instance: pya.Instance) -> None:
        one = reader.read(instance)
        nets = str(instance.property(NETS) or "").split()
        if one is None or len(nets) != 4:
            return
        if instance.cell_index not in known:
            known[instance.cell_index] = _ends(instance.cell, layers)
        lines, ends = known[instance.cell_index]
        result.extend(Terminal(nets[1], "poly", instance.trans * point) for point in lines)
        for number, point in enumerate(ends):
            result.append(Terminal(nets[0] if number % 2 else nets[2], "active", instance.trans * point))
        kind = str(table.kind(instance.pcell_declaration().name(), one[2]))
        result.append(Terminal(nets[3], "bulk", instance.trans * ends[0] if ends else None, kind))

    yield from each("terminals are found", list(cell.each_inst()), find)
    return result


def _ends(cell: pya.Cell, layers: Layers) -> tuple[list[pya.Point], list[pya.Point]]:
    """A point of each piece of gate poly, and of each source and drain from the left."""
    layout = cell.layout()
    active, poly = (
        pya.Region(cell.begin_shapes_rec(layout.layer(*layer))).merged() for layer in (layers.active, layers.poly)
    )
    gates = [gate.bbox().center() for gate in (active & poly).each()]
    ends = sorted((piece.bbox().center() for piece in (active - poly).each()), key=lambda point: point.x)
    # one label for each piece of poly
    lines = [[gate for gate in gates if line.inside(gate)] for line in poly.each()]
    return [line[0] for line in lines if line], ends
