"""A fitting table drops what matters least until its columns have room, and names it below; text is never cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

GAP = 1
"""Blanks between columns."""


@dataclass(frozen=True)
class Column:
    """`drop`: columns with the highest number are left out first where there is too little room; 0 stays."""

    heading: str
    cells: Sequence[str | Text]
    justify: Literal["left", "right"] = "right"
    drop: int = 0

    @property
    def width(self) -> int:
        return max(len(self.heading), *(len(cell) for cell in self.cells), 0)


def width_of(columns: Sequence[Column]) -> int:
    """The columns of the screen that they take together."""
    return sum(column.width + GAP for column in columns) - GAP


def fitted(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that fit, and those that are never dropped."""
    kept = list(columns)
    while width_of(kept) > width and (rank := max((column.drop for column in kept), default=0)):
        kept = [column for column in kept if column.drop != rank]
    return kept


def table_of(columns: Sequence[Column]) -> Table:
    """A table without lines; text that has no room goes on in the next line."""
    table = Table(title=None, box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for column in columns:
        table.add_column(column.heading, justify=column.justify, overflow="fold")
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def fitting(columns: Sequence[Column], width: int) -> RenderableType:
    """The table of those columns that fit, with a line below it that names the others."""
    kept = fitted(columns, width)
    return told(table_of(kept), columns, kept, width)


def told(table: Table, columns: Sequence[Column], kept: Sequence[Column], width: int) -> RenderableType:
    """A table with a line that names the columns that were left out, if any."""
    shown = {one.heading for one in kept}
    left = [one.heading for one in columns if one.heading not in shown]
    if not left:
        return table
    note = Text(f"not shown in {width} columns: {', '.join(left)}", "dim")
    return Group(table, note)
