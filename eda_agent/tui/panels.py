"""Panels are the parts of the main screen: specs, sizes, curve, turns, status. Each receives a state and draws a view
of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import DataTable, Static
from textual.widgets.data_table import RowKey
from textual_plotext import PlotextPlot

from eda_agent.insight.complete import partial, share_text
from eda_agent.record.fold import RunState
from eda_agent.tui.turn_list import TurnList
from eda_agent.tui.view import (
    SIGNS,
    SpecRow,
    Status,
    Verdict,
    better,
    size_rows,
    spec_rows,
    status_line,
    turn_of,
    turn_row,
)

COLOURS: dict[Verdict, str] = {"pass": "green", "near": "yellow", "fail": "red", "none": "dim"}
"""Beside a sign, never instead of one. ANSI names, so that the terminal's theme decides the shade."""


class Table(DataTable[Text]):
    """A table whose cursor marks a row without hiding its colours, and whose numbers are aligned: every cell is a
    `Text`.
    """

    def __init__(self, **options: Any):
        super().__init__(
            cursor_type="row", zebra_stripes=False, cell_padding=0, cursor_foreground_priority="renderable", **options
        )

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        """Draw rows; if the shape stays, cells change in place, so that cursor and scroll position stay."""
        # one space between columns instead of the two of padding on both sides
        for row in rows:
            for cell in row:
                cell.pad_left(1)
        if [str(column.label) for column in self.ordered_columns] != [
            f" {column}" for column in columns
        ] or self.row_count != len(rows):
            cursor = self.cursor_row
            self.clear(columns=True)
            for place, column in enumerate(columns):
                # a heading stands above its numbers
                side: Any = rows[0][place].justify if rows else None
                self.add_column(Text(f" {column}", justify=side or "left"), key=str(place))
            for number, row in enumerate(rows):
                self.add_row(*row, key=str(number))
            if rows:
                self.move_cursor(row=min(cursor, len(rows) - 1))
            return
        for number, row in enumerate(rows):
            for at, cell in enumerate(row):
                if self.get_cell(str(number), str(at)) != cell:
                    self.update_cell(str(number), str(at), cell, update_width=True)

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        """A table painted before its columns found their widths would keep those cells, because their cache ignores the
        width.
        """
        super()._update_dimensions(new_rows)
        self._clear_caches()


def _short(value: str, target: str) -> str:
    """A value without its unit if the target beside it has the same prefix and unit: room for one more corner."""
    number, _, unit = value.partition(" ")
    return number if unit and unit == target.rpartition(" ")[2] else value


def right(text: str, style: str = "") -> Text:
    return Text(text, style=style, justify="right")


MOST_CORNERS = 4
"""Number of corners shown side by side."""


class SpecsPanel(Vertical):
    """Specs × corners with verdict, margin and its bar."""

    def compose(self) -> Any:
        yield Table(id="spec-table")

    def show(self, state: RunState, index: int | None) -> None:
        turn = turn_of(state, index)
        best = turn is not None and turn["index"] == state.best.get("index")
        share = share_text(turn or {}, state.corners)
        self.border_title = (
            "specs"
            if turn is None
            else f"specs · {'best, ' if best else ''}turn {turn['index']}{f' · {share} simulated' if share else ''}"
        )
        corners = list(state.started.get("corners", ()))
        many = len(corners) > MOST_CORNERS
        specs = spec_rows(state, turn)
        told = any(row.why for row in specs)
        rows = [self._row(row, many, told) for row in specs]
        why = ["note"] if told else []
        # with more corners the summary of all of them comes first
        middle = (
            ["satisfied", "lowest", "highest", "worst in", *why, *corners] if many else [*corners, "satisfied", *why]
        )
        self.query_one(Table).show(["", "spec", "target", "margin", *middle], rows)

    @staticmethod
    def _row(row: SpecRow, many: bool, told: bool) -> list[Text]:
        colour = COLOURS[row.verdict]
        corners = [
            right(f"{_short(text, row.target)} {SIGNS[verdict]}", COLOURS[verdict]) for text, verdict in row.cells
        ]
        satisfied = Text(row.bar, style=colour)
        why = [Text(row.why, style="yellow")] if told else []
        low, high, worst = row.extremes
        ends = [right(_short(text, row.target)) for text in (low, high)]
        return [
            Text(SIGNS[row.verdict], style=f"bold {colour}"),
            Text(row.name),
            right(row.target, "dim"),
            right(row.margin, colour),
            *([satisfied, *ends, Text(worst), *why, *corners] if many else [*corners, satisfied, *why]),
        ]

    @property
    def selected(self) -> int:
        return self.query_one(Table).cursor_row


class SizesPanel(Vertical):
    """Sizes of the shown turn with their positions in the ranges."""

    def compose(self) -> Any:
        yield Table(id="size-table")

    def show(self, state: RunState, index: int | None) -> None:
        rows = [
            [
                Text("▪" if row.mark == "locked" else " "),
                Text(row.name),
                right(row.value, "bold"),
                right(row.before, "dim"),
                Text(row.bar),
                Text(row.span, style="dim"),
                Text(row.mark, style="yellow" if row.mark.startswith("at") else ""),
                Text(row.role, style="dim"),
            ]
            for row in size_rows(state, turn_of(state, index))
        ]
        self.border_title = "sizes"
        self.query_one(Table).show(["", "size", "value", "before", "in range", "range", "", "role"], rows)

    @property
    def selected(self) -> int:
        return self.query_one(Table).cursor_row


CURVE_EVERY = 0.5
"""Seconds between two drawings of the curve."""


def thinned(values: Sequence[float], most: int = 160) -> list[tuple[int, float]]:
    """(place, value) of at most `most` points: the largest of every interval, because the plotter takes 50 µs per point
    and no terminal can show more.
    """
    stretch = -(-len(values) // most) or 1
    return [
        max(
            ((place, values[place]) for place in range(start, min(start + stretch, len(values)))),
            key=lambda pair: pair[1],
        )
        for start in range(0, len(values), stretch)
    ]


class CurvePanel(Vertical):
    """The best score so far, and the score of every turn, over simulations."""

    def compose(self) -> Any:
        yield PlotextPlot(id="curve")

    def on_mount(self) -> None:
        self.border_title = "best so far"
        self._drawn = 0.0
        self._waiting = False

    def show(self, state: RunState) -> None:
        """Draw now, or later if it was drawn a moment ago: plotting takes 15 ms, during which keys would wait."""
        self._latest = state
        left = self._drawn + CURVE_EVERY - time.monotonic()
        if left <= 0:
            self._draw(state)
        elif not self._waiting:
            self._waiting = True
            self.set_timer(left, lambda: self._draw(self._latest))

    def _draw(self, state: RunState) -> None:
        # an empty curve does not delay the first one
        self._drawn, self._waiting = time.monotonic() if state.turns else 0.0, False
        widget = self.query_one(PlotextPlot)
        plot = widget.plt
        plot.clear_data()
        curve = state.curve
        scores = [turn["score"] for turn in state.turns]
        if curve:
            low = max(0.0, curve[0] - 0.02)
            seen = [(place, score) for place, score in thinned(scores) if score >= low]
            if seen:
                plot.scatter([place for place, _ in seen], [score for _, score in seen], marker="dot", color="gray")
            places = [place for place, _ in thinned(curve)]
            plot.plot(places, [curve[place] for place in places], marker="braille")
            plot.ylim(low, 1.001)
            plot.xlim(
                0,
                max(state.started.get("budget", {}).get("simulations", 0) if len(curve) < 30 else 0, len(curve) - 1, 1),
            )
        widget.refresh()


class TurnsPanel(Vertical):
    """Every turn: score, changes, the policy's reasoning."""

    COLUMNS = ("turn", "score", "gain", "policy", "changed", "reasoning")

    def compose(self) -> Any:
        heads = [
            Text(f" {name}", justify="right" if name in {"turn", "score", "gain"} else "left") for name in self.COLUMNS
        ]
        yield TurnList(heads, id="turn-table")

    @property
    def table(self) -> TurnList:
        return self.query_one(TurnList)

    def on_mount(self) -> None:
        self.border_title = "turns"
        self._turns: list[Any] = []
        self._parameters: Sequence[Any] = ()
        self._corners = 0
        self._bests: list[int] = []
        """The place of the incumbent before each turn; −1 before the first."""

    def show(self, state: RunState) -> None:
        # turns are appended to the same list; going back or other targets create a new one
        fresh = state.turns is not self._turns
        self._turns, self._parameters, self._corners = state.turns, state.started.get("parameters", ()), state.corners
        if fresh:
            self._bests = []
        for place in range(len(self._bests), len(self._turns)):
            before = self._bests[-1] if self._bests else -1
            last = place - 1
            won = (
                last >= 0
                and not partial(self._turns[last], self._corners)
                and (before < 0 or better(self._turns[last], self._turns[before]))
            )
            self._bests.append(last if won else before)
        self.table.show(len(self._turns), self._cells, fresh)

    def _cells(self, place: int) -> list[Text]:
        best = self._bests[place]
        row = turn_row(self._turns, place, self._parameters, self._turns[best] if best >= 0 else None, self._corners)
        style = "bold green" if row.best else ""
        return [
            right(f" {row.index}"),
            right(f" {row.score}", style),
            right(f" {row.gain}", style),
            Text(f" {row.policy}", style="dim"),
            Text(f" {row.moved}"),
            Text(f" {row.reasoning}"),
        ]

    @property
    def selected(self) -> int | None:
        """The number of the turn under the cursor."""
        row = self.table.cursor_row
        return int(self._turns[row]["index"]) if row < len(self._turns) else None


class StatusBar(Static):
    """One line: the run, its rate and its time."""

    _line = ""

    def show(self, status: Status, note: str = "") -> None:
        """Called twenty times a second; it draws only changes."""
        line = status_line(status) + (f" · {note}" if note else "")
        if line != self._line:
            self._line = line
            self.update(Text(line, overflow="ellipsis", no_wrap=True), layout=False)
