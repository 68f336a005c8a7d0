"""A table is a list of rows of text with a cursor; a filter shows only the rows that have a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

from eda_agent.tui.view import Verdict

COLOURS: dict[Verdict, str] = {"pass": "green", "thin": "", "near": "yellow", "fail": "red", "none": "dim"}
"""Beside a sign, never instead of one; a thin pass has no colour, as in the report. ANSI names, so that the terminal's
theme decides the shade."""


def right(text: str, style: str = "") -> Text:
    return Text(text, style=style, justify="right")


def matches(cells: Sequence[Text], wanted: str) -> bool:
    """Whether a row has every word of a text, in any case of letters."""
    line = " ".join(cell.plain for cell in cells).casefold()
    return all(word in line for word in wanted.casefold().split())


def none_found(wanted: str, rows: int, width: int) -> Strip:
    """The line of a table whose filter leaves no row."""
    return Strip([Segment(f" 0 of {rows} rows have {wanted.strip()!r}"[:width])]).adjust_cell_length(width)


def cut(line: Strip, cells: Sequence[Text], widths: Sequence[int], left: int) -> Strip:
    """A line of a table that begins at cell `left`. Where its right end cuts the text of a cell, it ends with an
    ellipsis, so that part of a number is not read as a number.
    """
    edge = left + line.cell_length
    begin = 0
    for cell, width in zip(cells, widths, strict=True):
        end = begin + width
        if begin < edge < end:
            plain = cell.plain.rstrip()
            last = end if cell.justify == "right" else begin + cell_len(plain)
            if plain and last > edge:
                whole = line.crop(0, line.cell_length - 1)
                return Strip([*whole, Segment("…", [*line][-1].style)], line.cell_length)
            return line
        begin = end
    return line


class Table(DataTable[Text]):
    """A table whose cursor marks a row without hiding its colours, and whose numbers are aligned: every cell is a
    `Text`.
    """

    def __init__(self, **options: Any):
        super().__init__(
            cursor_type="row", zebra_stripes=False, cell_padding=0, cursor_foreground_priority="renderable", **options
        )
        self.wanted = ""
        self._columns_shown: Sequence[str] = ()
        self._rows_shown: Sequence[Sequence[Text]] = ()

    @property
    def chosen(self) -> int:
        """The number of the row under the cursor among all rows; −1 if none is shown."""
        return int(str(self.ordered_rows[self.cursor_row].key.value)) if self.cursor_row < self.row_count else -1

    def filter(self, wanted: str) -> None:
        """Show only the rows with this text; all for ""."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._draw()

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        """Draw rows; if the shape stays, cells change in place, so that cursor and scroll position stay."""
        # one space between columns instead of the two of padding on both sides
        for row in rows:
            for cell in row:
                cell.pad_left(1)
        self._columns_shown, self._rows_shown = columns, rows
        self._draw()

    def _draw(self) -> None:
        columns, every = self._columns_shown, self._rows_shown
        rows = {str(number): row for number, row in enumerate(every) if matches(row, self.wanted)}
        if [str(column.label) for column in self.ordered_columns] != [f" {column}" for column in columns] or [
            row.key.value for row in self.ordered_rows
        ] != list(rows):
            cursor = self.cursor_row
            self.clear(columns=True)
            for place, column in enumerate(columns):
                # a heading stands above its numbers
                side: Any = every[0][place].justify if every else None
                self.add_column(Text(f" {column}", justify=side or "left"), key=str(place))
            for key, row in rows.items():
                self.add_row(*row, key=key)
            if rows:
                self.move_cursor(row=min(cursor, len(rows) - 1))
            return
        for key, row in rows.items():
            for at, cell in enumerate(row):
                shown = self.get_cell(key, str(at))
                # two texts are equal to rich if only their colour differs
                if (shown, shown.style) != (cell, cell.style):
                    self.update_cell(key, str(at), cell, update_width=True)

    def render_line(self, y: int) -> Strip:
        if y == 1 and self.wanted.strip() and not self.row_count:
            return none_found(self.wanted, len(self._rows_shown), self.scrollable_content_region.width)
        # the last cells may be below a scroll bar
        line = super().render_line(y).crop(0, self.scrollable_content_region.width)
        row = y - 1 + int(self.scroll_y)
        if self.virtual_size.width <= self.scroll_x + line.cell_length or not -1 <= row < self.row_count:
            return line
        cells = [column.label for column in self.ordered_columns] if y == 0 else self.get_row_at(row)
        return cut(line, cells, [column.get_render_width(self) for column in self.ordered_columns], int(self.scroll_x))

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        """A table painted before its columns found their widths would keep those cells, because their cache ignores the
        width.
        """
        super()._update_dimensions(new_rows)
        self._clear_caches()
