"""Passive rows are the resistors and capacitors of a placement: rows above its transistors, centred on the axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import pya

from . import library
from .blocks import on_grid
from .layers import of_table, passive_ends
from .passives import Part, Passive, parts
from .site import Site
from .steps import Work, each
from .table import NAME, NETS, Table

BROAD = 1.3
"""A row is at most this times as long as what is below it, or as its largest PCell, or as a square of all of them."""


def fitting(passives: Sequence[Passive], table: Table) -> list[Part]:
    """The PCells of all that the table can draw; what it cannot, LVS lists as not drawn."""
    found: list[Part] = []
    for passive in passives:
        try:
            found += parts(passive, table)
        except ValueError:
            continue
    return found


class Rows:
    """`placing` draws the parts above what a site holds."""

    def __init__(self, site: Site):
        self.site, self.table, self.layout = site, site.table, site.layout
        self.library = pya.Library.library_by_name(library.registered(self.table))
        self.layers = of_table(self.table)
        self.variants: dict[Part, pya.Cell] = {}

    def placing(self, passives: Sequence[Passive]) -> Work[None]:
        found = fitting(passives, self.table)
        different = list(dict.fromkeys(found))
        yield from each("resistors and capacitors are drawn", different, self._create, self.layout)
        yield from each("resistors and capacitors are drawn", list(self.variants), self._check)
        placed = [part for part in found if part in self.variants]
        rows = [row for kind in ("resistor", "capacitor") for row in self._rows([p for p in placed if p.kind == kind])]
        yield from each("resistors and capacitors are placed", rows, self._put, self.layout)

    def _create(self, part: Part) -> None:
        values = part.values(self.table)
        try:
            variant = library.create(
                self.layout, self.library, part.cell(self.table), values, part.sizes(self.table), part.label
            )
        except ValueError:
            return
        self.variants[part] = variant

    def _check(self, part: Part) -> None:
        """Leave out a PCell that fails: an older library draws some only with settings of its own."""
        try:
            library.checked(
                self.variants[part], self.library, part.cell(self.table), part.values(self.table), part.label
            )
        except ValueError:
            del self.variants[part]

    def _gap(self, kind: str) -> int:
        return round(float((self.table.passives or {})[kind]["gap"]) / self.layout.dbu)

    def _rows(self, found: Sequence[Part]) -> list[list[Part]]:
        """Rows that are not much longer than the placement."""
        boxes = [on_grid(self.variants[part].bbox(), self.site.grid) for part in found]
        widths = [box.width() + self._gap(part.kind) for part, box in zip(found, boxes, strict=True)]
        # upright strips above a few transistors stand beside each other
        side = sqrt(sum(width * box.height() for width, box in zip(widths, boxes, strict=True)))
        limit = max([BROAD * self.site.width, side, *widths])
        rows: list[list[Part]] = []
        used = limit
        for part, width in zip(found, widths, strict=True):
            if used + width > limit:
                rows.append([])
                used = 0
            rows[-1].append(part)
            used += width
        return rows

    def _put(self, row: Sequence[Part]) -> None:
        gap, grid = self._gap(row[0].kind), self.site.grid
        boxes = [on_grid(self.variants[part].bbox(), self.site.grid) for part in row]
        total = sum(box.width() for box in boxes) + gap * (len(row) - 1)
        x, y = -(total // 2 // grid) * grid, self.site.free(gap)
        for part, box in zip(row, boxes, strict=True):
            self._place(part, pya.Trans(x - box.left, y - box.bottom))
            x += -(-(box.width() + gap) // grid) * grid
        self.site.top = y + max(box.height() for box in boxes)

    def _place(self, part: Part, trans: pya.Trans) -> None:
        variant = self.variants[part]
        placed = self.site.cell.insert(pya.CellInstArray(variant.cell_index(), trans))
        if not self.table.device:
            placed.set_property(NAME, part.label)
        if not self.table.nets:
            placed.set_property(NETS, " ".join(part.nets))
        if self.layers is not None and not self.table.nets:
            for net, (metal, at) in zip(part.nets, passive_ends(variant, self.layers), strict=False):
                self.site.label(self.layers.metals[metal][1], net, trans * at)
