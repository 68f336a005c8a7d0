"""Panels are the parts of the main screen: specs, sizes, curve, turns, status. Each is given a state and draws a view of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import DataTable, Static
from textual_plotext import PlotextPlot

from eda_agent.record.fold import RunState
from eda_agent.tui.view import SIGNS, SpecRow, Status, Verdict, size_rows, spec_rows, status_line, turn_of, turn_row

COLOURS: dict[Verdict, str] = {"pass": "green", "near": "yellow", "fail": "red", "none": "dim"}
"""Beside a sign, never instead of one. ANSI names, so that the terminal's own theme decides the shade."""


class Table(DataTable[Text]):
    """A table whose cursor marks a row without hiding the colours in it, and whose numbers are aligned: every cell is a `Text`."""

    def __init__(self, **options: Any):
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0, cursor_foreground_priority="renderable", **options)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        """Draw rows; cells are changed in place where the shape stays, so that cursor and scroll position do."""
        # one space between columns instead of the two that padding on both sides would be
        for row in rows:
            for cell in row:
                cell.pad_left(1)
        if [str(column.label) for column in self.ordered_columns] != [f" {column}" for column in columns] or self.row_count != len(rows):
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


def _short(value: str, target: str) -> str:
    """A value without its unit where the target beside it has the same, prefix and all: room for one more corner."""
    number, _, unit = value.partition(" ")
    return number if unit and unit == target.rpartition(" ")[2] else value


def right(text: str, style: str = "") -> Text:
    return Text(text, style=style, justify="right")


class SpecsPanel(Vertical):
    """Specs × corners with verdict, margin and its bar."""

    def compose(self) -> Any:
        yield Table(id="spec-table")

    def show(self, state: RunState, index: int | None) -> None:
        turn = turn_of(state, index)
        best = turn is not None and turn["index"] == state.best.get("index")
        self.border_title = "specs" if turn is None else f"specs · {'best, ' if best else ''}turn {turn['index']}"
        corners = list(state.started.get("corners", ()))
        rows = [self._row(row) for row in spec_rows(state, turn)]
        self.query_one(Table).show(["", "spec", "target", "margin", *corners, "satisfied"], rows)

    @staticmethod
    def _row(row: SpecRow) -> list[Text]:
        colour = COLOURS[row.verdict]
        return [
            Text(SIGNS[row.verdict], style=f"bold {colour}"), Text(row.name), right(row.target, "dim"), right(row.margin, colour),
            *[right(f"{_short(text, row.target)} {SIGNS[verdict]}", COLOURS[verdict]) for text, verdict in row.cells], Text(row.bar, style=colour),
        ]  # fmt: skip

    @property
    def selected(self) -> int:
        return self.query_one(Table).cursor_row


class SizesPanel(Vertical):
    """Sizes of the shown turn with their place in the range."""

    def compose(self) -> Any:
        yield Table(id="size-table")

    def show(self, state: RunState, index: int | None) -> None:
        rows = [
            [
                Text("▪" if row.mark == "locked" else " "), Text(row.name), right(row.value, "bold"), right(row.before, "dim"), Text(row.bar),
                Text(row.span, style="dim"), Text(row.mark, style="yellow" if row.mark.startswith("at") else ""), Text(row.role, style="dim"),
            ]
            for row in size_rows(state, turn_of(state, index))
        ]  # fmt: skip
        self.border_title = "sizes"
        self.query_one(Table).show(["", "size", "value", "before", "in range", "range", "", "role"], rows)

    @property
    def selected(self) -> int:
        return self.query_one(Table).cursor_row


class CurvePanel(Vertical):
    """The best score so far, and that of every turn, against simulations."""

    def compose(self) -> Any:
        yield PlotextPlot(id="curve")

    def show(self, state: RunState) -> None:
        self.border_title = "best so far"
        widget = self.query_one(PlotextPlot)
        plot = widget.plt
        plot.clear_data()
        curve = state.curve
        scores = [turn["score"] for turn in state.turns]
        if curve:
            places = list(range(len(curve)))
            low = max(0.0, min(value for value in curve) - 0.02)
            seen = [(place, score) for place, score in zip(places, scores, strict=True) if score >= low]
            if seen:
                plot.scatter([place for place, _ in seen], [score for _, score in seen], marker="dot", color="gray")
            plot.plot(places, curve, marker="braille")
            plot.ylim(low, 1.001)
            plot.xlim(0, max(state.started.get("budget", {}).get("simulations", 0) if len(curve) < 30 else 0, len(curve) - 1, 1))
        widget.refresh()


class TurnsPanel(Vertical):
    """Every turn: score, what changed, what the policy said. New turns are added; old rows stay as they are."""

    COLUMNS = ("turn", "score", "gain", "policy", "changed", "reasoning")

    def compose(self) -> Any:
        table = Table(id="turn-table")
        for column in self.COLUMNS:
            table.add_column(Text(f" {column}", justify="right" if column in {"turn", "score", "gain"} else "left"), key=column)
        yield table

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    def on_mount(self) -> None:
        self.border_title = "turns"
        self._shown: list[tuple[int, float]] = []
        self._best: Any = None

    def show(self, state: RunState) -> None:
        table = self.query_one(Table)
        now = [(turn["index"], turn["score"]) for turn in state.turns]
        if now[: len(self._shown)] != self._shown:
            # the run went back, or its turns count for something else now
            table.clear()
            self._shown, self._best = [], None
        # follow the newest as long as the user stands on it
        follow = table.row_count == 0 or table.cursor_row >= table.row_count - 1
        parameters = state.started.get("parameters", ())
        for place in range(len(self._shown), len(now)):
            row = turn_row(state.turns, place, parameters, self._best)
            style = "bold green" if row.best else ""
            table.add_row(
                right(f" {row.index}"), right(f" {row.score}", style), right(f" {row.gain}", style), Text(f" {row.policy}", style="dim"), Text(f" {row.moved}"),
                Text(f" {row.reasoning}"), key=str(place),
            )  # fmt: skip
            if row.best:
                self._best = state.turns[place]
        self._shown = now
        if follow and table.row_count:
            table.move_cursor(row=table.row_count - 1, animate=False)

    @property
    def selected(self) -> int | None:
        """The number of the turn under the cursor."""
        table = self.query_one(Table)
        return self._shown[table.cursor_row][0] if self._shown and table.cursor_row < len(self._shown) else None


class StatusBar(Static):
    """One line: what runs, how fast, how long."""

    def show(self, status: Status, note: str = "") -> None:
        self.update(Text(status_line(status) + (f" · {note}" if note else ""), overflow="ellipsis", no_wrap=True))
