"""The Bode panel shows the best sizing's Bode plot beside the run, in a terminal with room for it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.errors import EdaAgentError
from eda_agent.tui import cli_subprocess
from eda_agent.tui.shown import Shown

if TYPE_CHECKING:  # the first frame does not wait for what draws plots
    from eda_agent.record.report.curves import Figure

MOST = 2
"""Corners that are drawn: the first and the worst."""
EVERY = 20.0
"""Seconds between two simulations for the plot while a run simulates: its own simulations come first."""


def first_figure(figures: list[Figure]) -> Figure | None:
    """The first plot over frequency; another one if there is none."""
    return next((one for one in figures if one.plots[0].x.log), figures[0] if figures else None)


class BodePanel(Vertical):
    """The plot of the latest best that was simulated for it; the title names its turn."""

    def compose(self) -> Any:
        yield PlotextPlot(id="bode")
        yield Static(id="bode-values")

    def on_mount(self) -> None:
        self.border_title = "Bode plot"
        self.reset()

    def reset(self) -> None:
        """Another run is shown."""
        self._drawn: Mapping[str, float] | None = None
        self._begun = 0.0
        self._busy = False
        self._figure: Figure | None = None
        self.query_one("#bode-values", Static).update("")

    def show(self, shown: Shown, *, running: bool) -> None:
        """Simulate the best anew if it changed; beside a running run not too often."""
        sizing = shown.sizing
        late = time.monotonic() - self._begun >= EVERY or not self._begun or not running
        if self.display and sizing and sizing != self._drawn and late and not self._busy:
            self._drawn, self._begun, self._busy = sizing, time.monotonic(), True
            self.border_title = f"Bode plot · turn {shown.number} · simulating …"
            self.run_worker(self._simulate(shown, sizing), exclusive=True)

    async def _simulate(self, shown: Shown, sizing: Mapping[str, float]) -> None:
        from eda_agent.tui.corner_waves import CornerWaves

        said = "no plot"
        try:
            with tempfile.TemporaryDirectory(prefix="eda-agent-") as folder:
                path = Path(folder) / "waves.json"
                found = await cli_subprocess.run_program("sim", shown.folder, sizing, ["--waves", str(path)])
                rows = json.loads(path.read_text(encoding="utf-8"))
            waves = CornerWaves(
                rows, shown.state.started.get("specs", ()), found.get("specs", {}), found.get("values", {})
            )
            figure = first_figure(waves.figures(most=MOST))
            if figure is not None:
                self._figure = figure
                self.call_after_refresh(self._plot)
                said = figure.plots[0].title
        except (EdaAgentError, OSError, ValueError) as error:
            said = str(error).splitlines()[0]
        finally:
            self._busy = False
        self.border_title = f"Bode plot · turn {shown.number} · {said} · w: all plots"

    def on_resize(self) -> None:
        self.call_after_refresh(self._plot)

    def _plot(self) -> None:
        """Draw the figure; the marks of its axes depend on the height of the panel."""
        from eda_agent.tui.terminal_plot import draw, legend

        figure = self._figure
        if figure is None:
            return
        widget = self.query_one(PlotextPlot)
        draw(widget.plt, figure.plots, None, widget.size.height)
        widget.refresh()
        self.query_one("#bode-values", Static).update(legend(figure.plots[0]).append(f"  {figure.caption}".rstrip()))
