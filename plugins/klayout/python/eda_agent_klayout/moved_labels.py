"""Moved labels: the names of nets and the pins that a placement draws on the terminals of PCells, where these have no
labels of their own, follow the terminals when a PCell gets other sizes. Left behind, a label may lie on another net.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pya

from .blocks import within
from .layers import of_table, passive_ends
from .plan import Change
from .rules import rules_of
from .site import LABEL, PIN
from .steps import Work, each
from .table import NETS, Table
from .terminals import terminals


@dataclass(frozen=True)
class Terminal:
    """A terminal in the cell around its PCell: `labels` and `pins` are the layers' indexes, -1 for none; `box` is a
    point of a resistor or capacitor.
    """

    net: str
    labels: int
    pins: int
    box: pya.Box


class Labels:
    """The labels and pins of the PCells that change."""

    def __init__(self, changes: Sequence[Change], table: Table):
        self.changes, self.table = changes, table
        self.layers, self.rules = of_table(table), rules_of(table)
        self._found: list[tuple[Change, int, list[pya.Shape]]] = []
        self._ends: dict[int, list[tuple[str, int, int, pya.Box]]] = {}

    def finding(self) -> Work[None]:
        """Find them, before anything changes: a search in a cell that changes sorts its shapes anew each time."""
        if not self.table.nets and self.layers is not None:
            yield from each("labels are looked for", self.changes, self._find)

    def moving(self) -> Work[None]:
        """Move them to the terminals as they are now drawn."""
        self._ends.clear()
        if self._found:
            yield from each("labels are moved", self._found, self._move)

    def _find(self, change: Change) -> None:
        for number, one in enumerate(self._terminals(change.instance)):
            shapes = change.instance.parent_cell.shapes
            middle = one.box.center()
            step = self._step(change.instance)
            near = pya.Box(middle, middle).enlarged(step, step)
            there = [
                text
                for text in shapes(one.labels).each_touching(pya.Shapes.STexts, near)
                if text.text_string == one.net
            ]
            if one.pins >= 0:
                pin = within(one.box, step)
                there += [box for box in shapes(one.pins).each_touching(pya.Shapes.SBoxes, pin) if box.box == pin]
            if there:
                self._found.append((change, number, there))

    def _move(self, found: tuple[Change, int, list[pya.Shape]]) -> None:
        change, number, there = found
        now = self._terminals(change.instance)
        if number >= len(now):
            return
        box = now[number].box
        step = self._step(change.instance)
        for shape in there:
            if shape.is_text():
                shape.text = pya.Text(shape.text_string, pya.Trans(pya.Vector(box.center())))
            else:
                shape.box = within(box, step)

    def _step(self, instance: pya.Instance) -> int:
        """The manufacturing grid in database units."""
        return max(round(self.rules.grid / instance.layout().dbu) if self.rules is not None else 1, 1)

    def _terminals(self, instance: pya.Instance) -> list[Terminal]:
        nets = str(instance.property(NETS) or "").split()
        known = self._ends.get(instance.cell_index)
        if known is None:
            known = self._ends[instance.cell_index] = self._drawn(instance, len(nets))
        named = dict(zip("dgsb" if len(nets) == 4 else "12", nets, strict=False))
        return [
            Terminal(named[name], labels, pins, box.transformed(instance.trans))
            for name, labels, pins, box in known
            if name in named
        ]

    def _drawn(self, instance: pya.Instance, count: int) -> list[tuple[str, int, int, pya.Box]]:
        """(terminal, layers of its labels and pins, its box) of a PCell in its own coordinates."""
        layout = instance.layout()
        if count == 4 and self.rules is not None:
            return [
                (name, self.rules.layer(layout, LABEL[on]), self.rules.layer(layout, PIN[on]), box)
                for name, boxes in terminals(instance.cell, self.rules).items()
                for on, box in boxes
            ]
        if count == 2 and self.layers is not None:
            ends = passive_ends(instance.cell, self.layers)
            return [
                (str(number + 1), layout.layer(*self.layers.metals[metal][1]), -1, pya.Box(at, at))
                for number, (metal, at) in enumerate(ends)
            ]
        return []
