"""A turn list creates its rows when they become visible, so that a run of 100,000 turns opens as fast as one of ten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from eda_agent.tui.table import cut, matches, none_found

_KEPT = 2000
"""Number of cached rows: more than any screen has lines."""


class TurnList(ScrollView, can_focus=True):
    """One line per row below a fixed heading. `columns`: headings, whose `Text.justify` is that of their cells.

    A table of Textual holds and measures every cell: 0.5 ms per row (benchmarks/tui.py), before the first frame of a
    long run.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"turn-list--heading", "turn-list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,ctrl+home", "edge(0)", "first", show=False),
        Binding("end,ctrl+end", "edge(-1)", "last", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]

    class Highlighted(Message):
        """The cursor is on another row."""

    class Chosen(Message):
        """Enter, or a click on the row of the cursor."""

    def __init__(self, columns: Sequence[Text], **options: Any):
        super().__init__(**options)
        self.columns = list(columns)
        self.row_count = 0
        self.cursor_row = 0
        self.wanted = ""
        self._left = 0
        self._count = 0
        self._found: list[int] | None = None
        self._cells: Callable[[int], Sequence[Text]] = lambda row: ()
        self._made: dict[int, Sequence[Text]] = {}
        self._widths = [column.cell_len for column in self.columns]

    def show(self, count: int, cells: Callable[[int], Sequence[Text]], fresh: bool = False) -> None:
        """There are now `count` rows; `cells(row)` creates one. `fresh`: cached rows are invalid. A cursor on the last
        row stays on the last row.
        """
        self._cells = cells
        if fresh:
            self._made.clear()
        if count != self._count or fresh:
            before, self._count = 0 if fresh else self._count, count
            self._select(before)

    def filter(self, wanted: str) -> None:
        """Show only the rows with this text; all for ""."""
        if wanted != self.wanted:
            # a text without a hit leaves no row under the cursor
            self._left = self.place if self.place >= 0 else self._left
            self.wanted = wanted
            self._select(0)
            if self._found is None:
                self.move_cursor(self._left)
            self.post_message(self.Highlighted())

    @property
    def place(self) -> int:
        """The number of the row under the cursor among all rows; −1 if none is shown."""
        if not 0 <= self.cursor_row < self.row_count:
            return -1
        return self.cursor_row if self._found is None else self._found[self.cursor_row]

    def _select(self, before: int) -> None:
        """Find the rows to show; those from number `before` on are new."""
        follow = self.cursor_row >= self.row_count - 1
        if not self.wanted.strip():
            self._found, self.row_count = None, self._count
        else:
            kept = self._found[:] if self._found is not None and before else []
            kept += [row for row in range(before, self._count) if matches(self._cells(row), self.wanted)]
            self._found, self.row_count = kept, len(kept)
        self._resize()
        self.move_cursor(self.row_count - 1 if follow else min(self.cursor_row, self.row_count - 1))
        self.refresh()

    def cells(self, row: int) -> Sequence[Text]:
        """The cells of a shown row."""
        if self._found is not None:
            row = self._found[row]
        made = self._made.get(row)
        if made is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            made = self._made[row] = self._cells(row)
        return made

    def move_cursor(self, row: int) -> None:
        row = max(0, min(row, self.row_count - 1))
        moved, self.cursor_row = row != self.cursor_row, row
        # the heading covers one line
        self.scroll_to_region(Region(int(self.scroll_x), row, 1, 2), animate=False, force=True, immediate=True)
        if moved:
            self.refresh()
            self.post_message(self.Highlighted())

    def action_move(self, rows: int) -> None:
        self.move_cursor(self.cursor_row + rows)

    def action_page(self, pages: int) -> None:
        self.move_cursor(self.cursor_row + pages * max(1, self.size.height - 1))

    def action_edge(self, which: int) -> None:
        self.move_cursor(0 if which == 0 else self.row_count - 1)

    def action_choose(self) -> None:
        if self.row_count:
            self.post_message(self.Chosen())

    def on_click(self, event: Any) -> None:
        row = int(self.scroll_y) + event.y - 1
        if event.y < 1 or not 0 <= row < self.row_count:
            return
        if row == self.cursor_row:
            self.action_choose()
        self.move_cursor(row)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            return self._line(self.columns, "turn-list--heading", width)
        row = int(self.scroll_y) + y - 1
        if y == 1 and self.wanted.strip() and not self.row_count:
            return none_found(self.wanted, self._count, width)
        if row >= self.row_count:
            return Strip.blank(width, self.rich_style)
        cells = self.cells(row)
        wider = [max(known, cell.cell_len) for known, cell in zip(self._widths, cells, strict=True)]
        if wider != self._widths:
            self._widths = wider
            self.call_later(self._resize)
            self.call_later(self.refresh)
        return self._line(cells, "turn-list--cursor" if row == self.cursor_row else "", width)

    def _line(self, cells: Sequence[Text], component: str, width: int) -> Strip:
        line = Text(end="", no_wrap=True)
        for cell, column, wide in zip(cells, self.columns, self._widths, strict=True):
            cell = cell.copy()
            cell.align("right" if column.justify == "right" else "left", wide)
            line.append_text(cell)
        style = self.rich_style + self.get_component_rich_style(component) if component else self.rich_style
        segments = Segment.apply_style(line.render(self.app.console), style)
        left = int(self.scroll_x)
        return cut(Strip(segments).crop_extend(left, left + width, style), cells, self._widths, left)

    def _resize(self) -> None:
        self.virtual_size = Size(sum(self._widths), self.row_count + 1)
