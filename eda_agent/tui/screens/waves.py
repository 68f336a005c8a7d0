"""The waves screen plots the waveforms of every testbench."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.insight.plot_labels import DEFAULT
from eda_agent.record.report.curves import Figure, figures
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown
from eda_agent.tui.terminal_plot import draw, ends, values_at


class WavesScreen(Simulated):
    """Waveforms of every testbench: left and right choose the plot, comma and point move the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("right", "turn(1)", "next"),
        ("left", "turn(-1)", "before"),
        ("comma", "move(-1)", "cursor left"),
        ("full_stop", "move(1)", "cursor right"),
    ]
    title_ = "waveforms"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.figures: list[Figure] = []
        self.place = 0
        self.cursor = 0.5

    def body(self) -> ComposeResult:
        yield PlotextPlot(id="waves")
        yield Static(id="values")

    async def simulate(self) -> None:
        with tempfile.TemporaryDirectory(prefix="eda-agent-") as folder:
            path = Path(folder) / "waves.json"
            await self.ask("sim", "--waves", str(path))
            self.figures = figures_of(json.loads(path.read_text(encoding="utf-8")))
        self.draw_soon()

    def action_turn(self, by: int) -> None:
        if self.figures:
            self.place = (self.place + by) % len(self.figures)
            self.draw()

    def action_move(self, by: int) -> None:
        self.cursor = min(max(self.cursor + by * 0.02, 0.0), 1.0)
        self.draw()

    def draw(self) -> None:
        if not self.figures:
            return
        figure = self.figures[self.place]
        left, right = ends(figure.plots[0])
        at = left + self.cursor * (right - left)
        widget = self.query_one(PlotextPlot)
        draw(widget.plt, figure.plots, at, widget.size.height)
        widget.refresh()
        text = values_at(figure.plots, at, self.size.width - 1)
        self.query_one("#values", Static).update(text.append(f"\n {figure.caption}" if figure.caption else ""))
        title = figure.plots[0].title
        self.say(f"waveforms · turn {self.number} · {title} · {self.place + 1} of {len(self.figures)}")


def figures_of(rows: list[dict[str, Any]]) -> list[Figure]:
    """The figures of `sim --waves`, those of the report: gain and phase of an AC analysis are one figure."""
    waves = {(row["testbench"], row["corner"]): row["analyses"] for row in rows}
    labels = {row["testbench"]: row.get("shown", DEFAULT) for row in rows}
    return [figure for figure in figures(waves, labels, {}) if ends_of(figure)]


def ends_of(figure: Figure) -> bool:
    """Whether a figure has more than one point."""
    return any(len(line.x) > 1 for plot in figure.plots for line in plot.lines)
