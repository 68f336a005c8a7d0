"""A site is the cell that a floor plan is built in, line by line from below: devices, taps, guard rings, wells, labels
and pins.
"""

from __future__ import annotations

from collections.abc import Sequence

import pya

from .blocks import UNIT_GAP, Block, Drawing, Piece, Slot, within
from .floorplan import Line
from .rules import rules_of
from .steps import Work, each
from .substrate import Substrate
from .table import DUMMY, NAME, NETS, Table
from .terminals import Terminals, terminals

GAP = 1.0
"""Between blocks, and between lines, where nothing stands between them, µm."""
LABEL = {"metal": "label", "poly": "poly_label"}
PIN = {"metal": "pin", "poly": "poly_pin"}
"""Layers of the label and of the pin, by the layer that a terminal is on."""


class Site:
    """`put` places one line above what is there; `around` draws what all of them together need."""

    def __init__(self, cell: pya.Cell, table: Table):
        self.cell, self.table, self.layout = cell, table, cell.layout()
        self.rules = rules_of(table)
        self.ground = Substrate(cell, self.rules) if self.rules else None
        grid = self.ground.grid if self.ground else 1
        self.gap = round(GAP / self.layout.dbu)
        reach = strip = 0
        if self.ground and self.rules and self.rules.taps:
            strip = self.ground.dbu(self.rules.tap_width) + 2 * self.ground.dbu(self.rules.space)
            reach = self.ground.dbu(self.rules.reach - self.rules.tap_width)
        unit_gap = round((self.rules.unit_gap if self.rules else UNIT_GAP) / self.layout.dbu)
        marks = self.rules.marks if self.rules else ()
        self.drawing = Drawing(self.layout, table, unit_gap, grid, reach, strip, marks)
        self.grid = grid
        self.top = 0
        self._last: tuple[Line, pya.Box] | None = None
        self._labels: dict[int, Terminals] = {}
        self._pins: dict[str, tuple[str, pya.Box]] = {}
        self._filled: list[pya.Box] = []
        self._mark = pya.Box()

    def learn(self, piece: Piece) -> None:
        """Find the terminals of a piece before anything is placed: each look into a cell updates the whole layout."""
        variant, _ = self.drawing.drawn(piece)
        if self.rules is not None and variant.cell_index() not in self._labels:
            self._labels[variant.cell_index()] = terminals(variant, self.rules)

    def put(self, line: Line) -> None:
        """Place a line, with its taps below it and above it where it is high, and the guard rings of its pairs."""
        ring = self._ring_room if any(block.ring for block in line.blocks) and self.ground else 0
        tapped = self.ground is not None and self.rules is not None and self.rules.taps
        strip = self.drawing.strip if tapped else 0
        bottom = self._bottom(line)
        y = bottom + max(strip, ring)
        places = line.places(self.gap + 2 * ring, self.grid)
        outline = pya.Box()
        for block, x in places:
            self._block(block, x, y)
            outline += pya.Box(x, y, x + block.width, y + block.height)
            if block.ring and self.ground:
                space = self._space
                around = pya.Box(x, y, x + block.width, y + block.height).enlarged(space, space)
                outline += self.ground.ring(around, line.kind, line.bulk)
        inner = pya.Box(outline.left, y, outline.right, y + max(block.height for block, _ in places))
        if self.ground and tapped:
            outline += self._taps(line, inner, places, ring)
        self.top = outline.top
        if self.ground and self._last is not None and self._last[0].well == line.well and line.kind == "pmos":
            # one well for neighbours on the same net
            outline = outline + self._last[1]
        if self.ground:
            self._under(line, outline)
        self._filled.append(outline)
        self._last = (line, outline)

    def _under(self, line: Line, content: pya.Box) -> None:
        """The well of a line, and the marks of its oxide."""
        assert self.ground is not None and self.rules is not None
        if line.kind == "pmos":
            around = self.ground.dbu(self.rules.well)
            content = content.enlarged(around, around)
            self.ground.put("nwell", content)
        # no slit between the marks of lines above each other
        same = self._last is not None and self._last[0].marks == line.marks
        self._mark = self._mark + content if same else content
        self.ground.mark(self._mark, line.marks)

    @property
    def width(self) -> int:
        """Of what is placed."""
        return max((box.width() for box in self._filled), default=0)

    def free(self, gap: int) -> int:
        """Where something may stand above what is placed, in no well."""
        if self._last is None:
            return self.top
        well = 0
        if self.ground and self.rules:
            well = self.ground.dbu(self.rules.well + self.rules.well_away + self._marked(self._last[0]))
        grid = self.grid
        return -(-(self.top + max(gap, self.gap) + well) // grid) * grid

    def label(self, layer: tuple[int, int], net: str, at: pya.Point) -> None:
        """The name of a net on what is drawn at a point."""
        self.cell.shapes(self.layout.layer(*layer)).insert(pya.Text(net, pya.Trans(pya.Vector(at))))

    @property
    def _space(self) -> int:
        assert self.ground is not None and self.rules is not None
        return self.ground.dbu(self.rules.space)

    @property
    def _ring_room(self) -> int:
        assert self.ground is not None and self.rules is not None
        return self._space + self.ground.dbu(self.rules.tap_width)

    def _bottom(self, line: Line) -> int:
        """Where a line may begin: nearer to one of the same well than to another."""
        if self._last is None:
            return 0
        if self.ground is None or self.rules is None:
            return self.top + self.gap
        last = self._last[0]
        if last.well == line.well:
            return self.top + max(self._space, self.gap // 2)
        wells = [one.kind for one in (last, line)].count("pmos")
        apart = {
            0: self.rules.space,
            1: self.rules.well + self.rules.well_away,
            2: 2 * self.rules.well + self.rules.well_space,
        }[wells]
        if last.marks != line.marks:
            apart += self._marked(last) + self._marked(line) + self.rules.mark_away
        return self.top + max(self.ground.dbu(apart + self.rules.implant), self.gap)

    def _marked(self, line: Line) -> float:
        """How far the marks of a line reach beyond its well."""
        return self.rules.mark if self.rules and line.marks else 0.0

    def _taps(self, line: Line, inner: pya.Box, places: Sequence[tuple[Block, int]], ring: int) -> pya.Box:
        """Strips of taps: below the line as long as it is, above it where its top would be too far, and across high
        arrays.
        """
        assert self.ground is not None and self.rules is not None
        width, space = self.ground.dbu(self.rules.tap_width), self._space
        outline = pya.Box()
        rows = []
        if not ring:
            rows.append(inner.bottom - space - width)
        if not ring and inner.height() + space + width > self.drawing.reach // 2:
            rows.append(inner.top + space)
        for bottom in rows:
            strip = pya.Box(inner.left, bottom, inner.right, bottom + width)
            self.ground.strip(strip, line.kind, line.bulk)
            outline += strip
        for block, x in places:
            if ring and not block.ring:
                outline += self.ground.ring(
                    self._box(block, x, inner.bottom).enlarged(space, space), line.kind, line.bulk
                )
            for y in block.strips:
                across = inner.bottom + y + space - self.drawing.gap
                self.ground.strip(pya.Box(x, across, x + block.width, across + width), line.kind, line.bulk)
        return outline

    @staticmethod
    def _box(block: Block, x: int, y: int) -> pya.Box:
        return pya.Box(x, y, x + block.width, y + block.height)

    def _block(self, block: Block, x: int, y: int) -> None:
        for slot in block.slots:
            trans = slot.trans(x, y)
            placed = self.cell.insert(pya.CellInstArray(slot.variant.cell_index(), trans))
            piece = slot.piece
            if not self.table.device:
                # the PCell has no place for a name; OASIS keeps a property, GDS does not
                placed.set_property(NAME, f"{piece.device.name}{DUMMY if piece.dummy else ''}")
            if not self.table.nets:
                placed.set_property(NETS, piece.device.terminals(piece.dummy))
            self._terminals(slot, trans)

    def _terminals(self, slot: Slot, trans: pya.Trans) -> None:
        """Label each terminal with its net where the PCell does not, and remember a terminal of each net."""
        if self.rules is None or self.ground is None:
            return
        nets = dict(zip("dgsb", slot.piece.device.nets, strict=True))
        for name, boxes in self._labels[slot.variant.cell_index()].items():
            net = nets["b"] if slot.piece.dummy else nets[name]
            for on, box in boxes:
                where = box.transformed(trans)
                if not slot.piece.dummy and (net not in self._pins or (self._pins[net][0], on) == ("poly", "metal")):
                    self._pins[net] = (on, where)
                if not self.table.nets:
                    self.ground.put(LABEL[on], pya.Text(net, pya.Trans(pya.Vector(where.center()))))

    def around(self, ports: Sequence[str]) -> Work[None]:
        """Close the slits between implants, and draw the pins of the ports."""
        if self.ground is None:
            return
        ground = self.ground
        yield from each("implants are merged", self._filled, lambda box: ground.fill(("nplus", "pplus"), box))
        for port in ports:
            if port in self._pins:
                on, box = self._pins[port]
                where = within(box, ground.grid)
                ground.put(PIN[on], where)
                ground.put(LABEL[on], pya.Text(port, pya.Trans(pya.Vector(where.center()))))
