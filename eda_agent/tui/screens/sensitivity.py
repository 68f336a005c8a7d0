"""The sensitivity screen shows what 10 % more of each size does to each spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.insight.sensitivity import STRONG
from eda_agent.spec_text import effect_text
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown

GAP = 2
"""Blanks between columns."""


class SensitivityScreen(Simulated):
    """The change of each spec for 10 % more of each size. Specs that do not fit beside each other stand in several
    blocks below each other.
    """

    title_ = "sensitivity"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.columns: list[list[Text]] = []

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(id="sensitivity")

    async def simulate(self) -> None:
        found = await self.ask("sensitivity")
        self.columns = self._columns(found)
        self.query_one(VerticalScroll).focus()
        self.say(f"sensitivity · turn {self.number} · {found['corner']} · change for 10 % more of a size")
        self.draw_soon()

    def _columns(self, found: dict[str, Any]) -> list[list[Text]]:
        """The names of the sizes, then a column for each spec, all with their heads."""
        specs = {spec["name"]: spec for spec in self.state.started["specs"]}
        columns = [[Text("size", "bold"), *map(Text, self.sizing)]]
        for spec, changes in found["changes"].items():
            cells = [Text(spec, "bold")]
            for size in self.sizing:
                strong = abs(found["slopes"][spec].get(size) or 0.0) >= STRONG
                text = effect_text(specs[spec], changes.get(size), found["values"][spec])
                cells.append(Text(text, "bold" if strong else "dim"))
            columns.append(cells)
        return columns

    def draw(self) -> None:
        if not self.columns:
            return
        widget = self.query_one("#sensitivity", Static)
        text = Text("\n\n").join(blocks(self.columns, widget.size.width))
        text.append("\n\nBold: a tenth of the size's range moves the margin by 0.05 or more.", "dim")
        widget.update(text)


def blocks(columns: Sequence[Sequence[Text]], width: int) -> list[Text]:
    """Columns as tables of at most `width` cells; the first column stands in each."""
    first, *rest = columns
    result: list[Text] = []
    while rest:
        room, taken = width - _width(first), 0
        while taken < len(rest) and room >= GAP + _width(rest[taken]):
            room -= GAP + _width(rest[taken])
            taken += 1
        result.append(_table([first, *rest[: max(taken, 1)]]))
        rest = rest[max(taken, 1) :]
    return result


def _width(column: Sequence[Text]) -> int:
    return max(cell_len(cell.plain) for cell in column)


def _table(columns: Sequence[Sequence[Text]]) -> Text:
    lines = []
    for row in range(len(columns[0])):
        line = Text(no_wrap=True)
        for number, column in enumerate(columns):
            cell, blanks = column[row], _width(column) - cell_len(column[row].plain)
            line.append_text(Text(" " * (blanks + GAP) if number else "").append_text(cell))
            line.append(" " * (0 if number else blanks))
        lines.append(line)
    return Text("\n").join(lines)
