"""A block is what is placed in one piece: a matched group as an array, or a single device, its units drawn and set
side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pya

from . import library
from .arrange import Arrangement, arrange
from .table import Device, Table

UNIT_GAP = 0.25
"""Between neighbouring units where the process has no rules, µm."""


@dataclass(frozen=True)
class Piece:
    """One PCell to draw: so many fingers and copies of a device; a dummy has all its terminals on the bulk."""

    device: Device
    fingers: int
    copies: int = 1
    dummy: bool = False

    def values(self, table: Table) -> dict[str, Any]:
        """Its PCell parameters."""
        return table.values(self.device, self.fingers, copies=self.copies, dummy=self.dummy)


@dataclass(frozen=True)
class Slot:
    """A drawn piece in its block: its variant with its box, the lower left corner of its box from that of the block,
    and whether it is mirrored about the vertical.
    """

    piece: Piece
    variant: pya.Cell
    box: pya.Box
    x: int
    y: int
    mirrored: bool

    def trans(self, x: int, y: int) -> pya.Trans:
        """Where the variant goes when the block's corner is there."""
        turn = pya.Trans(pya.Trans.M90 if self.mirrored else pya.Trans.R0)
        box = self.box.transformed(turn)
        return pya.Trans(x + self.x - box.left, y + self.y - box.bottom) * turn


@dataclass
class Block:
    """`slots` in a box of `width` and `height`, database units; `centred`: it is symmetrical and belongs on the axis;
    `ring`: it wants a guard ring; `strips`: heights from which taps go across it; `marks`: the layers that mark its
    oxide as thick.
    """

    device: Device
    slots: list[Slot]
    width: int
    height: int
    centred: bool
    ring: bool
    strips: list[int] = field(default_factory=list)
    marks: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Group:
    """A matched group, or a single device: how many equal units of so many fingers each device has."""

    units: Mapping[str, int]
    devices: Mapping[str, Device]
    fingers: int

    @property
    def first(self) -> Device:
        return next(iter(self.devices.values()))

    @property
    def matched(self) -> bool:
        return len(self.units) > 1

    @property
    def pair(self) -> bool:
        """Whether it is a differential pair: what offset and noise depend on most."""
        sources = {device.nets[2] for device in self.devices.values()}
        gates = {device.nets[1] for device in self.devices.values()}
        return (
            self.matched and len(sources) == 1 and len(gates) == 2 and not self.reference and "pair" in self.first.role
        )

    @property
    def reference(self) -> str:
        """The device of a mirror that is connected as a diode, "" where none is."""
        return next(
            (name for name, device in self.devices.items() if self.matched and device.nets[0] == device.nets[1]), ""
        )

    def pieces(self, table: Table) -> list[Piece]:
        """Every PCell that an arrangement of it may need."""
        found = [Piece(device, self.fingers) for device in self.devices.values()]
        if self.matched:
            for device in self.devices.values():
                found += [Piece(device, self.fingers, dummy=True), Piece(device, 1, dummy=True)]
        elif self.first.m > 1 and "m" in table.parameters:
            found.append(Piece(self.first, self.fingers, self.first.m))
        return found


def group_of(units: Sequence[tuple[Device, int]]) -> Group:
    """Of the units of an array, dummies left out: (device, fingers)."""
    devices = {device.name: device for device, _ in units}
    if len(devices) == 1:
        device = units[0][0]
        return Group({device.name: device.m}, devices, device.nf)
    return Group(Counter(device.name for device, _ in units), devices, units[0][1])


def on_grid(box: pya.Box, grid: int) -> pya.Box:
    """The least box on the grid around a box: some PCells draw their last edge beside it."""
    return pya.Box(
        box.left // grid * grid, box.bottom // grid * grid, -(-box.right // grid) * grid, -(-box.top // grid) * grid
    )


def within(box: pya.Box, grid: int) -> pya.Box:
    """The largest box on the grid inside a box."""
    return pya.Box(
        -(-box.left // grid) * grid, -(-box.bottom // grid) * grid, box.right // grid * grid, box.top // grid * grid
    )


class Drawing:
    """Draws the blocks of a layout with the PCells of a table."""

    def __init__(
        self,
        layout: pya.Layout,
        table: Table,
        gap: int,
        grid: int,
        reach: int,
        strip: int,
        marks: Sequence[tuple[int, int]] = (),
    ):
        """`gap` between units, `reach` to the nearest tap and `strip`, the room that one takes between rows: database
        units; `strip` 0 for PCells with taps. `marks`: layers of thick oxide.
        """
        self.layout, self.table, self.gap, self.grid, self.reach, self.strip = layout, table, gap, grid, reach, strip
        self.marks = marks
        self.library = pya.Library.library_by_name(library.registered(table))
        self._variants: dict[Piece, pya.Cell] = {}
        self._boxes: dict[Piece, pya.Box] = {}

    def create(self, piece: Piece) -> None:
        """Make the variant of a piece. Raises ValueError for one that the library does not draw."""
        values = piece.values(self.table)
        self._variants[piece] = library.create(
            self.layout, self.library, self.table.cell(piece.device), values, values, piece.device.name
        )

    def check(self, piece: Piece) -> None:
        """Take the box of a piece, once all are made: to ask for one brings the layout up to date. Raises ValueError
        for a PCell that fails.
        """
        variant = self._variants[piece]
        library.checked(
            variant, self.library, self.table.cell(piece.device), piece.values(self.table), piece.device.name
        )
        self._boxes[piece] = on_grid(variant.bbox(), self.grid)

    def drawn(self, piece: Piece) -> tuple[pya.Cell, pya.Box]:
        """The variant of a piece, and its box."""
        return self._variants[piece], self._boxes[piece]

    def block(self, group: Group) -> Block:
        """A group in its best arrangement."""
        _, unit = self.drawn(Piece(group.first, group.fingers))
        found = arrange(group.units, group.reference, (unit.width() + self.gap, unit.height() + self.gap))
        if not group.matched and len(found.rows) == 1 and group.first.m > 1 and "m" in self.table.parameters:
            # copies in one line are one PCell where it draws them
            rows = [[(Piece(group.first, group.fingers, group.first.m), False)]]
        else:
            rows = self._rows(group, found)
        return self._set(group, rows)

    def _rows(self, group: Group, found: Arrangement) -> list[list[tuple[Piece, bool]]]:
        """(piece, mirrored) of each row, dummies at its ends; a hole is a dummy of the device beside it."""
        rows = []
        for names in found.rows:
            owner = group.devices[next((name for name in names if name), group.first.name)]
            row = []
            for column, name in enumerate(names):
                if name is not None:
                    owner = group.devices[name]
                row.append((Piece(owner, group.fingers, dummy=name is None), found.mirrored(column)))
            if group.matched:
                ends = (row[0][0].device, row[-1][0].device)
                row = [(Piece(ends[0], 1, dummy=True), False), *row, (Piece(ends[1], 1, dummy=True), True)]
            rows.append(row)
        return rows

    def _set(self, group: Group, rows: list[list[tuple[Piece, bool]]]) -> Block:
        """Columns and rows at the pitch of the largest in them, the middle on the grid where there is a gap to make
        wider.
        """
        drawn = [[(piece, *self.drawn(piece), mirrored) for piece, mirrored in row] for row in rows]
        columns = len(drawn[0])
        widths = [max(row[column][2].width() for row in drawn) for column in range(columns)]
        lefts, x = [], 0
        odd = (sum(widths) + self.gap * (columns - 1)) // self.grid % 2
        for column, width in enumerate(widths):
            if column and odd and 2 * column == columns:
                x += self.grid
            lefts.append(x)
            x += width + self.gap
        slots: list[Slot] = []
        strips: list[int] = []
        y = last = 0
        for number, row in enumerate(drawn):
            height = max(box.height() for _, _, box, _ in row)
            if number and self.strip and y + height - last > self.reach:
                strips.append(y)
                y, last = y + self.strip, y
            for column, (piece, variant, box, mirrored) in enumerate(row):
                # a narrower one keeps to the axis
                spare = widths[column] - box.width()
                side = 2 * column + 1 - columns
                inset = spare if side < 0 else 0 if side > 0 else spare // 2 // self.grid * self.grid
                slots.append(Slot(piece, variant, box, lefts[column] + inset, y, mirrored))
            y += height + self.gap
        marks = self._marked(slots[0].variant)
        return Block(group.first, slots, x - self.gap, y - self.gap, group.matched, group.pair, strips, marks)

    def _marked(self, variant: pya.Cell) -> frozenset[tuple[int, int]]:
        """The marks that a PCell draws."""
        there = {
            (one.layer, one.datatype): index
            for index in self.layout.layer_indexes()
            for one in [self.layout.get_info(index)]
        }
        return frozenset(
            mark for mark in self.marks if mark in there and not variant.bbox_per_layer(there[mark]).empty()
        )
