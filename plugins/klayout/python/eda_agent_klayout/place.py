"""A placement is a first layout of a sized circuit: its transistors as PCells in rows by what they hang on, matched ones as common-centroid arrays
with dummies at both ends, every terminal labelled with its net. It is ready for routing.

Rows, from below: sources on the negative rail, other NMOS, other PMOS, sources on the positive rail: the order of a schematic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, gcd

import pya

from . import library
from .table import DUMMY, NAME, NETS, Device, Table

GAP = 1.0
"""Between neighbours in a row, and between rows, µm."""
BROAD = 1.6
"""A row is broken where it is longer than this times the side of a square of the circuit's area."""


WIDEST = 10e-6
"""A finger that is wider is folded, m."""
NARROWEST = 1e-6
"""Matched devices are folded into two fingers where each is that wide, so that they can be mirrored about a middle, m."""


def folded(device: Device) -> Device:
    """With as many fingers as the layout is to have: what the schematic says, or where it says one, an even number of moderate ones."""
    if device.nf > 1:
        return device
    count = ceil(device.width / WIDEST - 1e-9)
    if count > 1 or (device.block is not None and device.m == 1 and device.width >= 2 * NARROWEST):
        count += count % 2
    return replace(device, nf=max(count, 1))


@dataclass(frozen=True)
class Unit:
    """`fingers` of a device beside each other; a dummy has the terminals of the bulk."""

    device: Device
    fingers: int
    dummy: bool = False


def arrays(devices: Sequence[Device]) -> list[list[Unit]]:
    """What stands in one piece: single devices, and matched groups whose fingers are alike as common-centroid arrays."""
    # a ratio is made of units: what one of a group cannot be folded into, none is
    whole = {device.block for device in devices if device.block is not None and device.m > 1}
    devices = [device if device.block in whole and device.width <= WIDEST else folded(device) for device in devices]
    groups: dict[int, list[Device]] = {}
    for device in devices:
        if device.block is not None:
            groups.setdefault(device.block, []).append(device)
    result, placed = [], set()
    for device in devices:
        if device.name in placed:
            continue
        group = groups.get(device.block, [device]) if device.block is not None else [device]
        # what is matched but drawn with other fingers cannot share an array
        group = [other for other in group if _alike(device, other) and other.name not in placed]
        placed |= {other.name for other in group}
        result.append(common_centroid(group) if len(group) > 1 else [Unit(device, device.fingers)])
    return result


def _alike(one: Device, other: Device) -> bool:
    return (
        one.kind == other.kind
        and abs(one.finger - other.finger) < 1e-10
        and abs(one.length - other.length) < 1e-10
        and one.nets[3] == other.nets[3]
    )


def common_centroid(group: Sequence[Device]) -> list[Unit]:
    """Units of a group mirrored about the middle: A B | B A for a pair of two fingers each, with a dummy at both ends.

    A unit has as many fingers as leave every device an even number of units, one at least; where a device has an odd number of units, its last
    stands in the middle, and the centroids differ by no more than that.
    """
    counts = [device.fingers for device in group]
    common = gcd(*counts)
    size = common // 2 if common % 2 == 0 else common
    units = {device.name: device.fingers // size for device in group}
    half: list[Device] = []
    left = {device.name: units[device.name] // 2 for device in group}
    # spread evenly: next is the device that has most of its units still to place
    while any(left.values()):
        chosen = max((device for device in group if left[device.name]), key=lambda device: left[device.name] / units[device.name])
        half.append(chosen)
        left[chosen.name] -= 1
    middle = [device for device in group if units[device.name] % 2]
    row = [Unit(device, size) for device in chain(half, middle, reversed(half))]
    ends = (Unit(row[0].device, 1, dummy=True), Unit(row[-1].device, 1, dummy=True))
    return [ends[0], *row, ends[1]]


def rank(device: Device, rails: tuple[str, str]) -> int:
    """The row of a device, from below; `rails`: negative, positive."""
    if device.kind == "nmos":
        return 0 if device.nets[2] == rails[0] else 1
    return 3 if device.nets[2] == rails[1] else 2


def place(layout: pya.Layout, name: str, devices: Sequence[Device], rails: tuple[str, str], table: Table) -> pya.Cell:
    """A new cell with all devices; the name gets a number where it is taken. Raises ValueError for a library or PCell that is not here."""
    table = library.present(table)
    cell = layout.create_cell(name)
    pieces = [(rank(array[0].device, rails), number, array) for number, array in enumerate(arrays(devices))]
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
                        # the PCell has no place for a name; OASIS keeps a property, GDS does not
                        placed.set_property(NAME, f"{unit.device.name}{DUMMY if unit.dummy else ''}")
                    if not table.nets:
                        placed.set_property(NETS, unit.device.terminals(unit.dummy))
                    x += one.width() + gap // 4
                x += gap
            y += max((one.height() for piece in boxes for _, one, _ in piece), default=-gap) + gap
    return cell


def _drawn(layout: pya.Layout, array: Sequence[Unit], table: Table) -> list[tuple[pya.Cell, pya.Box, Unit]]:
    """The PCell variant of each unit, with its box and the unit; copies of a single device where the PCell has none of its own."""
    result = []
    here = pya.Library.library_by_name(library.registered(table))
    for unit in array:
        device = unit.device
        alone = len(array) == 1
        copies = device.m if alone and "m" in table.parameters else 1
        fingers = device.nf if alone else unit.fingers
        values = table.values(device, fingers, copies=copies, dummy=unit.dummy)
        variant = library.draw(layout, here, table.cell(device), values, values, device.name)
        for _ in range(device.m if alone and "m" not in table.parameters else 1):
            result.append((variant, variant.bbox(), unit))
    return result


def _width(boxes: Sequence[tuple[pya.Cell, pya.Box, Unit]], gap: int) -> int:
    return sum(one.width() + gap // 4 for _, one, _ in boxes)
