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
class Plate:
    """A capacitor of the process: `top` lies over `bottom`; where the contact or `via` meets the top, it connects that
    to the metal above, and not the bottom. `above`: that metal, None where the contact or via defines it.
    """

    top: Layer
    bottom: Layer
    via: Layer
    above: Layer | None = None


@dataclass(frozen=True)
class Layers:
    """`nplus`: None if everything outside `pplus` is; `tap`: diffusion of taps if it has its own layer; `metals`: each
    with its labels, from below; `vias` between them; `resistor`: marks the bodies of poly resistors; `plates`: of
    capacitors.
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
    resistor: Layer | None = None
    plates: tuple[Plate, ...] = ()

    @property
    def wires(self) -> tuple[Layer, ...]:
        """The contact and the vias: each leads to the metal of its number."""
        return (self.contact, *self.vias)

    def metal(self, layer: Layer) -> int | None:
        """The number of a metal from below, None for another layer."""
        return next((number for number, (shapes, _) in enumerate(self.metals) if shapes == layer), None)

    def above(self, plate: Plate) -> int:
        """The number of the metal that the top of a plate is connected to."""
        own = self.metal(plate.above) if plate.above is not None else None
        return self.wires.index(plate.via) if own is None else own


DEMONSTRATION = Layers(
    active=process.LAYERS["active"],
    poly=process.LAYERS["poly"],
    nwell=process.LAYERS["nwell"],
    pplus=process.LAYERS["pplus"],
    nplus=process.LAYERS["nplus"],
    contact=process.LAYERS["contact"],
    metals=((process.LAYERS["metal1"], process.LAYERS["label"]),),
    resistor=process.LAYERS["resistor"],
    plates=(Plate(process.LAYERS["plate"], process.LAYERS["poly"], process.LAYERS["contact"]),),
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
        resistor=found.get("resistor"),
        plates=tuple(
            Plate(
                _layer(plate["top"]),
                _layer(plate["bottom"]),
                _layer(plate["via"]),
                _layer(plate["above"]) if "above" in plate else None,
            )
            for plate in table.layers.get("plates", ())
        ),
    )


def _layer(words: str) -> Layer:
    layer, datatype = words.split("/")
    return int(layer), int(datatype)


@dataclass(frozen=True)
class Terminal:
    """`on`: active or poly, or the number of a metal from below; `at`: a point of it, in database units of the cell;
    the bulk has no point.
    """

    net: str
    on: str | int
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
    heads: dict[int, list[tuple[int, pya.Point]]] = {}
    reader = Reader(cell, table, None)

    def find(instance: pya.Instance) -> None:
        one = reader.read(instance)
        nets = str(instance.property(NETS) or "").split()
        if one is None and len(nets) == 2 and reader.passive(instance) is not None:
            if instance.cell_index not in heads:
                heads[instance.cell_index] = passive_ends(instance.cell, layers)
            result.extend(
                Terminal(net, metal, instance.trans * at)
                for net, (metal, at) in zip(nets, heads[instance.cell_index], strict=False)
            )
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


def passive_ends(cell: pya.Cell, layers: Layers) -> list[tuple[int, pya.Point]]:
    """The two terminals of a drawn resistor or capacitor, each as a metal, by its number, and a point of it: where a
    contact or a via reaches it, or beside the top of a capacitor whose bottom has none. A capacitor's top is the first.
    Empty for neither.
    """
    layout = cell.layout()

    def drawn(layer: Layer) -> pya.Region:
        return pya.Region(cell.begin_shapes_rec(layout.layer(*layer)))

    for plate in layers.plates:
        top, via = drawn(plate.top), drawn(plate.via)
        on, beside = via.interacting(top), via.not_interacting(top)
        if on.is_empty():
            continue
        above, below = layers.above(plate), layers.metal(plate.bottom)
        first = (above, next(on.each()).bbox().center())
        if below is None or not beside.is_empty():
            return [first, (above, next(beside.each()).bbox().center())]
        middle, left = top.bbox().center(), drawn(plate.bottom).bbox().left
        return [first, (below, pya.Point((left + top.bbox().left) // 2, middle.y))]
    if layers.resistor is None or drawn(layers.resistor).is_empty():
        return []
    body = drawn(layers.resistor)
    heads = (drawn(layers.poly).merged() - body).interacting(body)
    ends = [next(drawn(layers.contact).interacting(pya.Region(head)).each()).bbox().center() for head in heads.each()]
    return [(0, point) for point in sorted(ends, key=lambda point: (point.y, point.x))]
