"""An arrangement is where the units of a matched group stand: rows that are mirrored about a common axis, in one line
or, when that is long, in two dimensions.

Mirrored means drawn so: what stands right of the axis is the mirror image of what stands left of it, so that A B B A
has every device as often in one orientation
as in the other. The reference of a mirror stands in the middle, and a dummy ends each row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, log
from typing import TypeVar

LONG = 6.0
"""An array that is longer than this times its height is laid out in several rows."""
HIGH = 2.0
"""No array of several rows is higher than this times its width."""
MOST_ROWS = 8

Grid = list[list["str | None"]]
"""Rows from below, each from left to right: the device of a unit, None for a dummy inside the array."""
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Arrangement:
    """`rows`: see `Grid`; all of one length, dummies at the ends not counted. `error`: how far the centroid of a
    device is from the middle, in the unit of the pitch, worst device.
    """

    rows: Grid
    error: float

    @property
    def columns(self) -> int:
        return len(self.rows[0])

    def mirrored(self, column: int) -> bool:
        """Whether what stands in a column is drawn as its mirror image: right of the axis."""
        return 2 * column + 1 > self.columns


def arrange(units: Mapping[str, int], reference: str = "", pitch: tuple[float, float] = (1.0, 1.0)) -> Arrangement:
    """The best arrangement of so many units of each device. `reference`: the device that stands in the middle;
    `pitch`: width and height of a unit.

    One row where it is not long and has no centroid error that two dimensions avoid; else the least centroid error,
    then dummies that are symmetrical
    and few, then rows that are mirrored each for itself, then the shape nearest to a square.
    """
    total = sum(units.values())
    found = []
    for rows in range(1, min(MOST_ROWS, total) + 1):
        for grid in (_mirrored(units, reference, rows, pitch[1]), _turned(units, reference, rows)):
            if grid:
                found.append(Arrangement(grid, error(grid, pitch)))

    def shape(one: Arrangement) -> float:
        return one.columns * pitch[0] / (len(one.rows) * pitch[1])

    def rank(one: Arrangement) -> tuple[float, ...]:
        dummies = sum(row.count(None) for row in one.rows)
        askew = sum(
            here is None and there is not None for row in one.rows for here, there in zip(row, row[::-1], strict=True)
        )
        return round(one.error, 6), askew, dummies, not all(row == row[::-1] for row in one.rows), abs(log(shape(one)))

    short = [one for one in found if shape(one) <= LONG and (len(one.rows) == 1 or shape(one) >= 1 / HIGH)]
    if not short:
        return min(found, key=lambda one: (abs(log(shape(one))), *rank(one)))
    best = min(short, key=rank)
    return found[0] if found[0] in short and found[0].error <= best.error + 1e-9 else best


def _mirrored(units: Mapping[str, int], reference: str, rows: int, height: float) -> Grid:
    """So many rows, each mirrored for itself: A B B A over B A A B. Nothing where what is left over does not fit the
    middle column.
    """
    odd = outwards(sorted((name for name, count in units.items() if count % 2), key=lambda name: name != reference))
    halves = _spread({name: count // 2 for name, count in units.items()}, reference)
    if rows > 1 and (len(odd) > rows or len(halves) < rows):
        return []
    columns = -(-len(halves) // rows)
    # filled from the axis outwards, column by column, every other one upside down; what stays empty is at the
    # ends of rows
    half: Grid = [[None] * columns for _ in range(rows)]
    for place, name in enumerate(reversed(halves)):
        column, row = divmod(place, rows)
        half[row if column % 2 == 0 else rows - 1 - row][column] = name
    half = _balanced(half, height)
    middle: Grid = [[] for _ in range(rows)]
    if odd and rows == 1:
        middle = [[*odd]]
    elif odd:
        middle = [[name] for name in _centred(odd, rows)]
    return [[*reversed(right), *inner, *right] for right, inner in zip(half, middle, strict=True)]


def _turned(units: Mapping[str, int], reference: str, rows: int) -> Grid:
    """So many rows that are the same when they are turned by half a turn: A B over B A. Every device with an even
    count has its centroid in the middle. Units that are left over stand
    nearest to it: one in the centre where there is one, the others opposite one another.
    """
    if rows == 1:
        return []
    odd = sorted(
        (name for name, count in units.items() if count % 2), key=lambda name: (name != reference, units[name])
    )
    columns = -(-sum(units.values()) // rows)
    if rows % 2 and columns % 2 != len(odd) % 2:
        columns += 1
    grid: Grid = [[None] * columns for _ in range(rows)]
    if odd and rows % 2 and columns % 2:
        grid[rows // 2][columns // 2] = odd.pop(0)
    places = [
        (row, column)
        for row in range((rows + 1) // 2)
        for column in range(columns)
        if 2 * row + 1 < rows or 2 * column + 1 < columns
    ]

    def order(place: tuple[int, int]) -> tuple[int, int, bool]:
        row, column = place
        away = abs(2 * column + 1 - columns)
        # sides change places from column to column: neighbours differ
        return away, rows - row, (2 * column + 1 > columns) == ((away // 2 + row) % 2 == 0)

    halves = reversed(_spread({name: count // 2 for name, count in units.items()}, reference))
    facing = [*zip(odd[::2], [*odd[1::2], None], strict=False), *((name, name) for name in halves)]
    if len(facing) > len(places):
        return []
    for (row, column), (here, there) in zip(sorted(places, key=order), facing, strict=False):
        grid[row][column], grid[rows - 1 - row][columns - 1 - column] = here, there
    return grid


def _spread(left: dict[str, int], reference: str) -> list[str]:
    """Units from the end of a row to its axis, as evenly as they can be; those of the reference are nearest to the
    axis.
    """
    total, result = dict(left), []
    while any(count for name, count in left.items() if name != reference):
        chosen = max(
            (name for name, count in left.items() if count and name != reference),
            key=lambda name: left[name] / total[name],
        )
        result.append(chosen)
        left[chosen] -= 1
    return [*result, *[reference] * left.get(reference, 0)]


def _centred(names: list[str], rows: int) -> list[str | None]:
    """A column of so many places with the names in its middle."""
    below = (rows - len(names)) // 2
    return [*[None] * below, *names, *[None] * (rows - len(names) - below)]


def _balanced(half: Grid, height: float) -> Grid:
    """The same with units of different rows exchanged, within a column, while that brings the centroids nearer to the
    middle line.
    """
    rows = len(half)

    def off() -> float:
        total: dict[str, float] = {}
        for number, row in enumerate(half):
            for name in row:
                if name is not None:
                    total[name] = total.get(name, 0.0) + (number - (rows - 1) / 2) * height
        return sum(value * value for value in total.values())

    best, better = off(), rows > 1
    while better and best > 1e-12:
        better = False
        for column in range(len(half[0])):
            for one in range(rows):
                for other in range(one + 1, rows):
                    half[one][column], half[other][column] = half[other][column], half[one][column]
                    now = off()
                    if now < best - 1e-12:
                        best, better = now, True
                    else:
                        half[one][column], half[other][column] = half[other][column], half[one][column]
    return half


def error(grid: Grid, pitch: tuple[float, float] = (1.0, 1.0)) -> float:
    """The largest distance of a device's centroid from the middle of the grid."""
    places: dict[str, list[tuple[float, float]]] = {}
    for number, row in enumerate(grid):
        for column, name in enumerate(row):
            if name is not None:
                where = ((column - (len(row) - 1) / 2) * pitch[0], (number - (len(grid) - 1) / 2) * pitch[1])
                places.setdefault(name, []).append(where)
    return max(
        (hypot(*(sum(axis) / len(found) for axis in zip(*found, strict=True))) for found in places.values()),
        default=inf,
    )


def outwards(things: Sequence[Thing]) -> list[Thing]:
    """In the order of a line whose first stands in the middle: fourth, second, first, third, …"""
    return [*reversed(things[1::2]), *things[0::2]]
