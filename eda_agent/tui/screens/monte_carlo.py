"""The Monte Carlo screen shows the spread of each spec under mismatch."""

from __future__ import annotations

import statistics
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual_plotext import PlotextPlot

from eda_agent.record.labels import target_text
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown
from eda_agent.units import format_quantity, shown_unit

SAMPLES = 100


class MonteCarloScreen(Simulated):
    """The spread of each spec under mismatch, and the yield. Left and right choose the spec."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("right", "turn(1)", "next spec"),
        ("left", "turn(-1)", "spec before"),
    ]
    title_ = "Monte Carlo"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.found: dict[str, Any] = {}
        self.place = 0

    def body(self) -> ComposeResult:
        yield PlotextPlot(id="histogram")

    async def simulate(self) -> None:
        self.found = await self.ask("mc", "--samples", str(SAMPLES))
        self.draw()

    def action_turn(self, by: int) -> None:
        if self.found:
            self.place = (self.place + by) % len(self.found["specs"])
            self.draw()

    def draw(self) -> None:
        name = list(self.found["specs"])[self.place]
        row = self.found["specs"][name]
        spec = {**next(one for one in self.state.started["specs"] if one["name"] == name), **row}
        values = [value for value in row["values"] if value is not None]
        widget = self.query_one(PlotextPlot)
        plot = widget.plt
        plot.clear_figure()
        if len(values) > 1 and max(values) > min(values):
            plot.hist(values, bins=min(24, max(6, len(values) // 5)))
        spread = max(values) - min(values) if values else 0.0
        for side in ("minimum", "maximum"):
            # a distant bound would compress the histogram into one bar
            if spec[side] is not None and values and min(values) - spread <= spec[side] <= max(values) + spread:
                plot.vline(spec[side], color="red")
        widget.refresh()
        low, high = self.found["interval"]
        seen = [
            value
            for value, bound in zip(row["values"], row.get("bounds") or [""] * len(row["values"]), strict=True)
            if value is not None and not bound
        ]
        centre = statistics.fmean(seen) if seen else None
        censored = len(values) - len(seen)
        self.say(
            f"Monte Carlo · turn {self.number} · {', '.join(self.found['corners'])} · {name} {target_text(spec)}: mean"
            f" {format_quantity(centre, shown_unit(spec))}, {100 * row['yield']:.0f} % meet"
            f" it{f', {censored} are censored' if censored else ''} · all specs {100 * self.found['yield']:.0f} % (95"
            f" %: {100 * low:.0f} to {100 * high:.0f}) of {self.found['samples']} · {self.place + 1} of"
            f" {len(self.found['specs'])} (← →)"
        )
