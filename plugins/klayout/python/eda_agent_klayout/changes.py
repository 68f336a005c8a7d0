"""Changes as a designer reads them: one row for each device and its PCells of one size, one column for each size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .plan import Change, shown
from .table import DUMMY, Table

FIXED = ("device", "PCells")


@dataclass(frozen=True)
class Rows:
    """`cells`: row by row, a text for each heading; `pcells`: how many change in all."""

    headings: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    pcells: int

    @property
    def title(self) -> str:
        devices = len({row[0] for row in self.cells})
        return f"{devices} {_plural('device', devices)} with {self.pcells} {_plural('PCell', self.pcells)}"


def rows(changes: Sequence[Change], table: Table) -> Rows:
    """The changes of a plan, in the order of their devices; `table`: of their PCells. The fingers and dummies of a
    device that change alike are one row.
    """
    names = tuple(dict.fromkeys(name for change in changes for name in change.after))
    # device → what changes → PCells and dummies
    found: dict[str, dict[tuple[str, ...], list[int]]] = {}
    for change in changes:
        sizes = tuple(
            f"{shown(change.before[name])} → {shown(change.after[name])}" if name in change.after else ""
            for name in names
        )
        counts = found.setdefault(change.device.removesuffix(DUMMY), {}).setdefault(sizes, [0, 0])
        counts[change.device.endswith(DUMMY)] += 1
    cells = [(name, _count(*counts), *sizes) for name, group in found.items() for sizes, counts in group.items()]
    numbers = {name for change in changes for name, value in change.after.items() if isinstance(value, float)}
    headings = (
        f"{_heading(name, table)}, µm" if name in numbers and table.unit == 1e-6 else _heading(name, table)
        for name in names
    )
    return Rows((*FIXED, *headings), tuple(cells), len(changes))


def _heading(name: str, table: Table) -> str:
    """A parameter, and of the width whether it is that of a finger or of all."""
    if name != table.parameters.get("w"):
        return name
    return f"{name} of one finger" if table.finger else f"{name} of all fingers"


def _count(own: int, dummies: int) -> str:
    words = [str(own)] if own else []
    if dummies:
        words.append(f"{dummies} {'dummy' if dummies == 1 else 'dummies'}")
    return " + ".join(words)


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
