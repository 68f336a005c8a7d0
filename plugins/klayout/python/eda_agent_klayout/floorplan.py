"""A floor plan is where the blocks of a layout stand: lines from the negative rail up, every matched group on one
common axis, taps and wells between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .arrange import outwards
from .blocks import Block
from .table import Device

BROAD = 1.6
"""A line is broken where it is longer than this times the side of a square of the circuit's area."""
HIGHER = 1.3
"""A single device stands beside a group where it is no higher than this times the group."""


def rank(device: Device, rails: tuple[str, str]) -> int:
    """The row of a device, from below; `rails`: negative, positive."""
    if device.kind == "nmos":
        return 0 if device.nets[2] == rails[0] else 1
    return 3 if device.nets[2] == rails[1] else 2


@dataclass
class Line:
    """Blocks beside each other, in a well of their own or in that of their neighbours with the same `kind`, `bulk` and
    `marks` of thick oxide. `centre`: the one that stands on the axis.
    """

    kind: str
    bulk: str
    marks: frozenset[tuple[int, int]]
    centre: Block | None = None
    left: list[Block] = field(default_factory=list)
    right: list[Block] = field(default_factory=list)

    @property
    def well(self) -> tuple[str, str, tuple[tuple[int, int], ...]]:
        """What lines that share a well, or the substrate between them, have in common."""
        return self.kind, self.bulk, tuple(sorted(self.marks))

    @property
    def blocks(self) -> list[Block]:
        return [*reversed(self.left), *([self.centre] if self.centre else []), *self.right]

    def width(self, gap: int) -> int:
        return sum(block.width + gap for block in self.blocks)

    def places(self, gap: int, grid: int) -> list[tuple[Block, int]]:
        """(block, its left edge), the middle block on the axis; where none is, the line as a whole."""
        blocks = self.blocks
        if self.centre is None:
            x = -((self.width(gap) - gap) // 2 // grid) * grid
        else:
            x = -(self.centre.width // 2 // grid) * grid - sum(block.width + gap for block in self.left)
        found = []
        for block in blocks:
            found.append((block, x))
            x += block.width + gap
        return found


def lines(blocks: Sequence[Block], rails: tuple[str, str], gap: int) -> list[Line]:
    """The lines of a circuit, from below. Groups that are symmetrical have a line each, its middle the axis; single
    devices fill the sides evenly, or lines of their own.
    """
    limit = BROAD * sum((block.width + gap) * (block.height + gap) for block in blocks) ** 0.5
    found: list[Line] = []
    for level in sorted({_level(block, rails) for block in blocks}):
        here = [block for block in blocks if _level(block, rails) == level]
        like = Line(here[0].device.kind, here[0].device.nets[3], here[0].marks)
        made = [replace(like, centre=block, left=[], right=[]) for block in here if block.centred]
        alone: list[Block] = []
        for block in (one for one in here if not one.centred):
            # each beside the group where it makes the line least long; what is larger than the group has
            # a line of its own
            fitting = [
                line
                for line in made
                if line.centre and block.width <= line.centre.width and block.height <= HIGHER * line.centre.height
            ]
            best = min(fitting, key=lambda line: line.width(gap), default=None)
            if best is None or best.width(gap) + block.width > limit:
                alone.append(block)
                continue
            sides = [sum(one.width + gap for one in side) for side in (best.left, best.right)]
            (best.left if sides[0] <= sides[1] else best.right).append(block)
        found += [*made, *(_line(like, part) for part in _broken(alone, limit, gap))]
    return found


def _level(block: Block, rails: tuple[str, str]) -> tuple[int, str, str, tuple[tuple[int, int], ...]]:
    """Blocks of one level may share lines."""
    return rank(block.device, rails), block.device.kind, block.device.nets[3], tuple(sorted(block.marks))


def _broken(blocks: Sequence[Block], limit: float, gap: int) -> list[list[Block]]:
    """Blocks in lines that are no longer than a limit."""
    found: list[list[Block]] = []
    width = 0
    for block in blocks:
        if not found or width + block.width > limit:
            found.append([])
            width = 0
        found[-1].append(block)
        width += block.width + gap
    return found


def _line(like: Line, blocks: Sequence[Block]) -> Line:
    """A line of single devices; of an odd number one stands on the axis."""
    row = outwards(blocks)
    if len(row) % 2 == 0:
        return replace(like, left=[], right=row)
    middle = len(row) // 2
    return replace(like, centre=row[middle], left=list(reversed(row[:middle])), right=row[middle + 1 :])
