"""The run browser lists the runs beside this one, newest first; Enter opens one, space compares one with the shown
run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType

from eda_agent.errors import EdaAgentError
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.record.run_row import run_row
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.table import COLOURS, Table, right
from eda_agent.tui.view import SIGNS, size_rows, spec_rows, turn_of
from eda_agent.units import format_score


class RunsScreen(Detail):
    """`here`: the shown run. `open`: shows another."""

    BINDINGS: ClassVar[list[BindingType]] = [*Detail.BINDINGS, ("space", "compare", "compare with the shown run")]

    def __init__(self, folder: Path, here: Path, open: Callable[[Path], None]):
        super().__init__()
        self.folder, self.here, self.open = folder, here, open
        self.heading = f"runs in {folder}"
        self.found: list[Path] = []

    def body(self) -> ComposeResult:
        yield Table(id="runs")

    def on_mount(self) -> None:
        self.query_one(Table).focus()

    async def fill(self) -> None:
        """Fill the list row by row, because reading every journal may take a while."""
        rows: list[list[Text]] = []
        for path in sorted(self.folder.glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True):
            try:
                row = await asyncio.to_thread(self._row, path)
            except (EdaAgentError, OSError):
                continue
            rows.append(row)
            self.found.append(path.parent)
            self.query_one(Table).show(
                ["", "run", "problem", "policy", "score", "met", "simulations", "state", "when"],
                [[cell.copy() for cell in row] for row in rows],
            )

    def _row(self, path: Path) -> list[Text]:
        row = run_row(_state(path.parent))
        colour = "" if row.score is None else "green" if row.met else "red"
        return [
            Text("▸" if path.parent.resolve() == self.here.resolve() else " "),
            Text(path.parent.name),
            Text(row.problem),
            Text(row.policy),
            right(row.score_text, "green" if row.met else ""),
            Text(row.sign, style=colour),
            right(str(row.simulations)),
            Text(row.state_text),
            Text(datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m-%d %H:%M"), style="dim"),
        ]

    def action_compare(self) -> None:
        place = self.query_one(Table).chosen
        if 0 <= place < len(self.found):
            self.app.push_screen(CompareScreen(self.here, self.found[place]))

    def on_data_table_row_selected(self, event: Any) -> None:
        event.stop()
        if self.query_one(Table).chosen < len(self.found):
            self.open(self.found[self.query_one(Table).chosen])
            self.dismiss()


def _state(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl"))


class CompareScreen(Detail):
    """The best designs of two runs side by side: results and differences."""

    def __init__(self, one: Path, other: Path):
        super().__init__()
        self.folders = (one, other)
        self.heading = f"{one.name}  and  {other.name}"

    def body(self) -> ComposeResult:
        yield Table(id="reached")
        yield Table(id="sizes-of-both")

    async def fill(self) -> None:
        try:
            states = [await asyncio.to_thread(_state, folder) for folder in self.folders]
        except EdaAgentError as error:
            self.notify(str(error), severity="error")
            return
        turns = [turn_of(state, None) for state in states]
        rows = []
        for first in spec_rows(states[0], turns[0]):
            second = next((row for row in spec_rows(states[1], turns[1]) if row.name == first.name), None)
            cells = [
                (
                    Text("—")
                    if row is None
                    else Text(f"{SIGNS[row.verdict]} {row.margin}", style=COLOURS[row.verdict], justify="right")
                )
                for row in (first, second)
            ]
            theirs = (
                first.target if second is None or second.target == first.target else f"{first.target} | {second.target}"
            )
            rows.append([Text(first.name), right(theirs, "dim"), *cells])
        scores = [right(format_score(state.best.get("score", 0.0)), "bold") for state in states]
        corners = [right(str(state.corners)) for state in states]
        if states[0].corners != states[1].corners:
            rows.append([Text("corners"), Text(""), *corners])
        rows += [
            [Text("score"), Text(""), *scores],
            [Text("simulations"), Text(""), *[right(str(state.simulations)) for state in states]],
        ]
        self.query_one("#reached", Table).show(["spec", "target", "margin", "margin of the other"], rows)
        sizes = [
            {row.name: row.value for row in size_rows(state, turn)} for state, turn in zip(states, turns, strict=True)
        ]
        self.query_one("#sizes-of-both", Table).show(
            ["size", "here", "there"],
            [
                [
                    Text(name),
                    right(value),
                    right(sizes[1].get(name, "—"), "" if sizes[1].get(name) == value else "bold"),
                ]
                for name, value in sizes[0].items()
            ],
        )
        self.query_one("#reached", Table).focus()
