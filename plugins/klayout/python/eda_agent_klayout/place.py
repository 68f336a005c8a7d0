"""A placement is a first layout of a sized circuit: its transistors as PCells, matched ones as mirrored arrays on one
axis with dummies at the ends, taps, guard rings and wells around them, resistors and capacitors above them, every
terminal labelled with its net. It is ready for routing.

Lines, from below: sources on the negative rail, other NMOS, other PMOS, sources on the positive rail: the order of a
schematic.
"""

from __future__ import annotations

from collections.abc import Sequence

import pya

from . import library, process, unused
from .blocks import Block, group_of
from .floorplan import lines
from .fold import Rule, arrays, folded, usual
from .passive_rows import Rows
from .passives import Passive
from .site import Site
from .steps import Work, draw_ahead, each, finish
from .table import Device, Table


def place(
    layout: pya.Layout,
    name: str,
    devices: Sequence[Device],
    rails: tuple[str, str],
    table: Table,
    rule: Rule | None = None,
    ports: Sequence[str] = (),
    passives: Sequence[Passive] = (),
) -> pya.Cell:
    """`placing`, all of it now."""
    return finish(placing(layout, name, devices, rails, table, rule, ports, passives))


def placing(
    layout: pya.Layout,
    name: str,
    devices: Sequence[Device],
    rails: tuple[str, str],
    table: Table,
    rule: Rule | None = None,
    ports: Sequence[str] = (),
    passives: Sequence[Passive] = (),
) -> Work[pya.Cell]:
    """A new cell with all devices, folded by a rule (None: the usual one), with the resistors and capacitors that the
    library draws, and a pin at each port that a transistor hangs on; the name gets a number where it is taken.

    Raises ValueError for a library or PCell that is not here.
    """
    table = library.present(table)
    groups = [
        group_of([(unit.device, unit.fingers) for unit in array if not unit.dummy])
        for array in arrays(folded(devices, rule or usual(table)))
    ]
    there = pya.Library.library_by_name(library.registered(table))
    pieces = list(dict.fromkeys(piece for group in groups for piece in group.pieces(table)))
    yield from each(
        "transistors are drawn",
        pieces,
        lambda one: draw_ahead(there.layout(), table.cell(one.device), one.values(table)),
        *library.holdable(there),
        shown=True,
    )
    there_before = {one.cell_index() for one in layout.each_cell()}
    if there.name() == library.OWN:
        # with its name, as the layers that the PCells draw have theirs
        process.layer(layout, "pin")
    cell = layout.create_cell(name)
    site = Site(cell, table)
    blocks: list[Block] = []
    yield from each("transistors are drawn", pieces, site.drawing.create, layout)
    yield from each("transistors are drawn", pieces, site.drawing.check)
    yield from each("terminals are found", pieces, site.learn)
    yield from each("groups are arranged", groups, lambda one: blocks.append(site.drawing.block(one)))
    plan = lines(blocks, rails, site.gap)
    yield from each("lines are placed", plan, site.put, layout)
    yield from site.around(ports)
    yield from Rows(site).placing(passives if table.passives else ())
    made = [one.cell_index() for one in layout.each_cell() if one.cell_index() not in there_before]
    yield from unused.removing(layout, made)
    return cell
