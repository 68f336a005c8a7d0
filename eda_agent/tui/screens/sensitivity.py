"""The sensitivity screen shows the slope of each spec's margin over each size."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from eda_agent.tui.panels import Table, right
from eda_agent.tui.screens.simulated import Simulated

STRONG = 0.5
"""Slopes from here on are marked: a tenth of the range changes the margin by 0.05."""


class SensitivityScreen(Simulated):
    """The slope of each spec's margin over each size, per range."""

    title_ = "sensitivity"

    def body(self) -> ComposeResult:
        yield Table(id="sensitivity")

    async def simulate(self) -> None:
        found = await self.ask("sensitivity")
        specs = list(found["slopes"])
        rows = []
        for name in self.sizing:
            cells = [found["slopes"][spec].get(name) for spec in specs]
            rows.append(
                [
                    Text(name),
                    *[
                        (
                            right("—", "dim")
                            if cell is None
                            else right(f"{cell:+.2f}", "bold" if abs(cell) >= STRONG else "dim")
                        )
                        for cell in cells
                    ],
                ]
            )
        self.query_one(Table).show(["size", *specs], rows)
        self.query_one(Table).focus()
        self.say(
            f"sensitivity · turn {self.number} · {found['corner']}: change of the margin over the whole range of a"
            f" size; bold from {STRONG}"
        )
