"""Panels are the parts of the main screen: specs, sizes, curve, turns, status. Each receives a state and draws a view
of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.insight.complete import partial, share_text
from eda_agent.record.axis import Axis, tick_label, ticks
from eda_agent.record.fold import RunState
from eda_agent.tui.spec_columns import spec_columns
from eda_agent.tui.status import Status, status_line
from eda_agent.tui.table import Table, right
from eda_agent.tui.turn_list import TurnList
from eda_agent.tui.view import better, size_rows, spec_rows, turn_of, turn_row


class SpecsPanel(Vertical):
    """Specs × corners with verdict and margin. What there is room for comes first, the rest is to the right of it."""

    _latest: tuple[RunState, int | None] | None = None

    def compose(self) -> Any:
        yield Table(id="spec-table")

    def on_resize(self) -> None:
        if self._latest is not None:
            self.show(*self._latest)

    def show(self, state: RunState, index: int | None) -> None:
        self._latest = (state, index)
        turn = turn_of(state, index)
        best = turn is not None and turn["index"] == state.best.get("index")
        share = share_text(turn or {}, state.corners)
        self.border_title = (
            "specs"
            if turn is None
            else f"specs · {'best, ' if best else ''}turn {turn['index']}{f' · {share} simulated' if share else ''}"
        )
        table = self.query_one(Table)
        # one cell for a scroll bar
        columns = spec_columns(spec_rows(state, turn), list(state.started.get("corners", ())), table.size.width - 1)
        table.show(list(columns), [list(row) for row in zip(*columns.values(), strict=True)])

    @property
    def selected(self) -> int:
        """The number of the row under the cursor; −1 if none is shown."""
        return self.query_one(Table).chosen


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
        """The number of the row under the cursor; −1 if none is shown."""
        return self.query_one(Table).chosen


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
        self.border_title = "best score over the turns"
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
            last = max(
                state.started.get("budget", {}).get("simulations", 0) if len(curve) < 30 else 0, len(curve) - 1, 1
            )
            plot.ylim(low, 1.0)
            plot.xlim(0, last)
            for values, axis, mark in (
                (ticks(0, last, Axis("turn", whole=True)), Axis("turn"), plot.xticks),
                (ticks(low, 1.0, Axis("score", marks=3)), Axis("score"), plot.yticks),
            ):
                mark(values, [tick_label(value, axis) for value in values])
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
        place = self.table.place
        return int(self._turns[place]["index"]) if 0 <= place < len(self._turns) else None


class StatusBar(Static):
    """One line: the run, its rate and its time."""

    _line = ""

    def show(self, status: Status, note: str = "") -> None:
        """Called twenty times a second; it draws only changes."""
        line = status_line(status, self.size.width or 1000, note)
        if line != self._line:
            self._line = line
            self.update(Text(line, overflow="ellipsis", no_wrap=True), layout=False)
