"""A placement is a first layout of a sized circuit: transistors as PCells in rows by their connections, matched ones as
common-centroid arrays with dummies at both ends, every terminal labelled with its net. It is ready for routing.

Rows, from below: sources on the negative rail, other NMOS, other PMOS, sources on the positive rail, as in a schematic.
"""

from __future__ import annotations

from collections.abc import Sequence

import pya

from . import library
from .fold import Rule, Unit, arrays, folded
from .table import DUMMY, NAME, NETS, Device, Table

GAP = 1.0
"""Between neighbours in a row, and between rows, µm."""
BROAD = 1.6
"""A row is broken if it is longer than this factor times the side of a square of the circuit's area."""


def rank(device: Device, rails: tuple[str, str]) -> int:
    """The row of a device, from below; `rails`: negative, positive."""
    if device.kind == "nmos":
        return 0 if device.nets[2] == rails[0] else 1
    return 3 if device.nets[2] == rails[1] else 2


def place(
    layout: pya.Layout, name: str, devices: Sequence[Device], rails: tuple[str, str], table: Table, rule: Rule | None = None
) -> pya.Cell:
    """A new cell with all devices, folded by a rule (None: the usual one); a name that is taken gets a number. Raises
    ValueError for a missing library or PCell.
    """
    table = library.present(table)
    cell = layout.create_cell(name)
    pieces = [(rank(array[0].device, rails), number, array) for number, array in enumerate(arrays(folded(devices, rule or Rule())))]
    sizes = {number: _drawn(layout, array, table) for _, number, array in pieces}
    gap = round(GAP / layout.dbu)
    area = sum(_width(boxes, gap) * max(one.height() for _, one, _ in boxes) for boxes in sizes.values())
    limit = int(BROAD * area**0.5)
    y = 0
    for level in range(4):
        row = [number for rank_, number, _ in pieces if rank_ == level]
        lines: list[list[int]] = [[]]
        for number in row:
            if lines[-1] and sum(_width(sizes[other], gap) for other in [*lines[-1], number]) > limit:
                lines.append([])
            lines[-1].append(number)
        for line in lines:
            x = -(sum(_width(sizes[number], gap) for number in line) + gap * max(len(line) - 1, 0)) // 2
            boxes = [sizes[number] for number in line]
            for piece in boxes:
                for variant, one, unit in piece:
                    placed = cell.insert(pya.CellInstArray(variant.cell_index(), pya.Trans(x - one.left, y - one.bottom)))
                    if not table.device:
                        # the PCell has no parameter for a name; OASIS keeps a property, GDS does not
                        placed.set_property(NAME, f"{unit.device.name}{DUMMY if unit.dummy else ''}")
                    if not table.nets:
                        placed.set_property(NETS, unit.device.terminals(unit.dummy))
                    x += one.width() + gap // 4
                x += gap
            y += max((one.height() for piece in boxes for _, one, _ in piece), default=-gap) + gap
    return cell


def _drawn(layout: pya.Layout, array: Sequence[Unit], table: Table) -> list[tuple[pya.Cell, pya.Box, Unit]]:
    """The PCell variant of each unit, with its box and the unit; copies of a single device if the PCell has no
    parameter for them.
    """
    result = []
    here = pya.Library.library_by_name(library.registered(table))
    # the copies of a single device are one PCell if it can draw several
    joined = len({unit.device.name for unit in array}) == 1 and "m" in table.parameters
    for unit in array[:1] if joined else array:
        device = unit.device
        values = table.values(device, unit.fingers, copies=device.m if joined else 1, dummy=unit.dummy)
        variant = library.draw(layout, here, table.cell(device), values, values, device.name)
        result.append((variant, variant.bbox(), unit))
    return result


def _width(boxes: Sequence[tuple[pya.Cell, pya.Box, Unit]], gap: int) -> int:
    return sum(one.width() + gap // 4 for _, one, _ in boxes)
