"""The waves screen plots the waveforms of every testbench."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.record.report.curves import FEW, Figure
from eda_agent.tui.corner_waves import CornerWaves
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown
from eda_agent.tui.terminal_plot import draw, ends, values_at


class WavesScreen(Simulated):
    """Waveforms of every testbench. Left and right choose the plot, n the corners; comma and point move the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("right", "turn(1)", "next"),
        ("left", "turn(-1)", "before"),
        ("n", "corners", "other corners"),
        Binding("comma", "move(-1)", "cursor", key_display=", ."),
        Binding("full_stop", "move(1)", "cursor right", show=False),
    ]
    title_ = "waveforms"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.figures: list[Figure] = []
        self.waves = CornerWaves([])
        self.place = 0
        self.group = 0
        self.cursor = 0.5

    def body(self) -> ComposeResult:
        yield PlotextPlot(id="waves")
        yield Static(id="values")

    async def simulate(self) -> None:
        with tempfile.TemporaryDirectory(prefix="eda-agent-") as folder:
            path = Path(folder) / "waves.json"
            found = await self.ask("sim", "--waves", str(path))
            rows = json.loads(path.read_text(encoding="utf-8"))
        self.waves = CornerWaves(
            rows, self.state.started.get("specs", ()), found.get("specs", {}), found.get("values", {})
        )
        self.figures = self.waves.figures()
        self.draw_soon()

    def action_corners(self) -> None:
        """Draw the next corners, then the worst ones again."""
        groups = self.waves.groups(FEW)
        if groups < 2:
            self.tell("every corner is drawn")
            return
        self.group = (self.group + 1) % groups
        self.figures = self.waves.figures(self.group)
        self.draw()

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
        said = " ".join((figure.caption, *self.waves.corners_text(self.group))).strip()
        self.query_one("#values", Static).update(text.append(f"\n {said}" if said else ""))
        title = figure.plots[0].title
        self.say(f"waveforms · turn {self.number} · {title} · {self.place + 1} of {len(self.figures)}")
