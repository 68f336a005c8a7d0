"""The substrate of a placement is what lies under and around its devices: taps, guard rings, one well for neighbours,
implants without slits.
"""

from __future__ import annotations

from collections.abc import Iterable

import pya

from .rules import Rules


class Substrate:
    """Draws into a cell, in database units, on the grid."""

    def __init__(self, cell: pya.Cell, rules: Rules):
        self.cell, self.rules = cell, rules
        self.layout = cell.layout()

    def dbu(self, length: float) -> int:
        """A length in µm in database units, on the grid, rounded up."""
        grid = self.grid
        return -(-round(length / self.layout.dbu) // grid) * grid

    @property
    def grid(self) -> int:
        return max(round(self.rules.grid / self.layout.dbu), 1)

    def put(self, name: str, shape: pya.Box | pya.Region | pya.Text) -> None:
        """On a layer, where the process has it."""
        if name in self.rules.layers:
            self.cell.shapes(self.rules.layer(self.layout, name)).insert(shape)

    def strip(self, box: pya.Box, kind: str, net: str) -> None:
        """A tap with a row of contacts, its metal labelled with its net; `kind`: of the transistors that it serves."""
        self.put("tap", box)
        around = self.dbu(self.rules.implant)
        self.put("nplus" if kind == "pmos" else "pplus", box.enlarged(around, around))
        side, step = self.dbu(self.rules.contact), self.dbu(self.rules.contact) + self.dbu(self.rules.contact_space)
        upright = box.height() > box.width()
        length = max(box.width(), box.height()) - 2 * self.dbu(self.rules.around_contact)
        count = max((length + self.dbu(self.rules.contact_space)) // step, 1)
        rest = length - (count * step - self.dbu(self.rules.contact_space))
        first = self.dbu(self.rules.around_contact) + rest // 2 // self.grid * self.grid
        across = self.dbu(self.rules.around_contact)
        for number in range(count):
            along = first + number * step
            x, y = (across, along) if upright else (along, across)
            self.put("contact", pya.Box(box.left + x, box.bottom + y, box.left + x + side, box.bottom + y + side))
        self.put("metal", box)
        if net:
            self.put("label", pya.Text(net, pya.Trans(pya.Vector(box.center()))))

    def ring(self, inner: pya.Box, kind: str, net: str) -> pya.Box:
        """A closed guard ring around a box; gives its outline."""
        width = self.dbu(self.rules.tap_width)
        outer = inner.enlarged(width, width)
        self.strip(pya.Box(outer.left, outer.bottom, outer.right, inner.bottom), kind, net)
        self.strip(pya.Box(outer.left, inner.top, outer.right, outer.top), kind, net)
        self.strip(pya.Box(outer.left, inner.bottom, inner.left, inner.top), kind, "")
        self.strip(pya.Box(inner.right, inner.bottom, outer.right, inner.top), kind, "")
        return outer

    def mark(self, content: pya.Box, marks: Iterable[tuple[int, int]]) -> None:
        """Thick oxide over what stands in it."""
        beyond = self.dbu(self.rules.mark)
        for layer in marks:
            self.cell.shapes(self.layout.layer(*layer)).insert(content.enlarged(beyond, beyond))

    def fill(self, names: Iterable[str], box: pya.Box) -> None:
        """Close what is nearer than its space between implants of a kind, in a box."""
        half = -(-self.dbu(self.rules.implant_space) // 2 // self.grid) * self.grid
        regions = {name: self.all(name, box).merged() for name in names if name in self.rules.layers}
        for name, region in regions.items():
            other = pya.Region()
            for another, theirs in regions.items():
                if another != name:
                    other += theirs
            closed = region.sized(half).merged().sized(-half).merged()
            self.put(name, ((closed - region) - other).merged())

    def all(self, name: str, box: pya.Box) -> pya.Region:
        """What a box touches of a layer, in the cell and below."""
        return pya.Region(self.cell.begin_shapes_rec_touching(self.rules.layer(self.layout, name), box))
