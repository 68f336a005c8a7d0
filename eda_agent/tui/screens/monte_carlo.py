"""The Monte Carlo screen shows the spread of each spec under mismatch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.insight.least_margin import least_margin
from eda_agent.record.labels import target_text
from eda_agent.spec_text import cpk_text, sigmas_text, value_text
from eda_agent.tui.corner_choice import corner_order
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown
from eda_agent.tui.terminal_histogram import draw_histogram
from eda_agent.units import format_quantity, plain_number, shown_unit

SAMPLES = 100


class MonteCarloScreen(Simulated):
    """The spread of each spec under mismatch, and the yield. Left and right choose the spec, n and p the corner: that
    of the least margin, the others, and all of them, in which each sample counts in its worst corner.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("right", "turn(1)", "next"),
        ("left", "turn(-1)", "before"),
        ("n", "corner(1)", "next corner"),
        ("p", "corner(-1)", "corner before"),
    ]
    title_ = "Monte Carlo"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.found: dict[str, Any] = {}
        self.place = 0
        # a design fails there first
        self.least = least_margin(self.state.started, shown.turn or {})
        corners = corner_order(shown, self.least[1] if self.least else "")
        self.corners = [*corners, "all"] if len(corners) > 1 else corners
        self.corner = 0

    def body(self) -> ComposeResult:
        yield PlotextPlot(id="histogram")
        yield Static(id="statistics")

    async def simulate(self) -> None:
        corner = self.corners[self.corner : self.corner + 1]
        if self.found:
            self.say(f"Monte Carlo · turn {self.number} · {self._corner_text()} · simulating …")
        self.found = await self.ask("mc", "--samples", str(SAMPLES), *(("--corner", *corner) if corner else ()))
        self.draw_soon()

    def _corner_text(self) -> str:
        name = self.corners[self.corner]
        return f"all {len(self.corners) - 1} corners" if name == "all" else name

    def action_corner(self, by: int) -> None:
        """Draw the samples of the next corner."""
        if len(self.corners) < 2:
            self.tell("the run has one corner")
            return
        self.corner = (self.corner + by) % len(self.corners)
        self.run_worker(self._run(), exclusive=True)

    def action_turn(self, by: int) -> None:
        if self.found:
            self.place = (self.place + by) % len(self.found["specs"])
            self.draw()

    def draw(self) -> None:
        if not self.found:
            return
        name = list(self.found["specs"])[self.place]
        # the input offset is measured without a spec of the run
        known = next((one for one in self.state.started["specs"] if one["name"] == name), {"name": name})
        spec = {**known, **self.found["specs"][name]}
        widget = self.query_one(PlotextPlot)
        values = [value for value in spec["values"] if value is not None]
        limits = [spec[side] for side in ("minimum", "maximum") if spec[side] is not None]
        draw_histogram(widget.plt, values, shown_unit(spec), limits, spec["mean"])
        widget.refresh()
        target = target_text(spec) if limits else "no target"
        self.say(f"Monte Carlo · turn {self.number} · {name} {target} · {self.place + 1} of {len(self.found['specs'])}")
        self.query_one("#statistics", Static).update(Text("\n".join(f" {line}" for line in self._statistics(spec))))

    def _statistics(self, spec: Mapping[str, Any]) -> list[str]:
        found, unit = self.found, shown_unit(spec)
        mean, sigma = value_text(spec, spec["mean"], digits=4, inside=True), format_quantity(spec["deviation"], unit)
        parts = [f"mean {mean}", f"sigma {sigma}"]
        if spec.get("sigmas") is not None:
            parts += [f"{sigmas_text(spec['sigmas'])} σ to the limit", f"Cpk {cpk_text(spec['cpk'])}"]
        censored = sum(bool(bound) for bound in spec.get("bounds", ()))
        lost = sum(value is None for value in spec["values"])
        parts += [f"{censored} censored"] * bool(censored) + [f"{lost} not measured"] * bool(lost)
        own = f"{_share(spec)} meet it, " if any(spec[side] is not None for side in ("minimum", "maximum")) else ""
        return [
            " · ".join(parts),
            f"{own}{_share(found)} meet every spec",
            f"{found['samples']} samples in {self._where(found['corners'])}",
        ]

    def _where(self, corners: Sequence[str]) -> str:
        if len(corners) == 1:
            return corners[0] + self._why(corners) + ("; n: another corner" if len(self.corners) > 1 else "")
        return f"all {len(corners)} corners, each counted in its worst one"

    def _why(self, corners: Sequence[str]) -> str:
        if self.least is None or list(corners) != [self.least[1]]:
            return ""
        return f", the corner of the least margin ({self.least[0]})"


def _share(found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    return f"{plain_number(100 * found['yield'])} % (95 %: {100 * low:.0f} to {100 * high:.0f})"
