"""The front screen shows the trade-off between two specs."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.insight.complete import complete_turns, measured_turns
from eda_agent.insight.front import front
from eda_agent.insight.verdict import judge
from eda_agent.record.axis import Axis as PlotAxis
from eda_agent.record.axis import tick_label, ticks
from eda_agent.tui.axis import Axis
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.units import counted


class FrontScreen(Detail):
    """The trade-off between two specs, and the verdict on unmet specs. Left and right choose the pair."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("right", "turn(1)", "next"),
        ("left", "turn(-1)", "before"),
    ]
    heading = "trade-off"

    def __init__(self, shown: Shown):
        super().__init__()
        self.state = shown.state
        names = [spec["name"] for spec in self.state.started.get("specs", ())]
        self.pairs = list(itertools.combinations(names, 2))
        self.place = 0

    def body(self) -> ComposeResult:
        plot = PlotextPlot(id="front")
        plot.display = False
        yield plot
        note = Static(id="left-out")
        note.display = False
        yield note
        yield Static(id="verdict")

    async def fill(self) -> None:
        self.draw()
        begun = self.state.started
        findings = await asyncio.to_thread(
            judge, list(self.state.turns), begun.get("specs", ()), begun.get("parameters", ()), self.state.corners
        )
        self.query_one("#verdict", Static).update(Text("\n".join(finding.text for finding in findings)))

    def action_turn(self, by: int) -> None:
        if self.pairs:
            self.place = (self.place + by) % len(self.pairs)
            self.draw()

    def draw(self) -> None:
        widget = self.query_one(PlotextPlot)
        plot = widget.plt
        plot.clear_figure()
        if not self.pairs:
            return
        one, other = self.pairs[self.place]
        specs = {spec["name"]: spec for spec in self.state.started["specs"]}
        axes = [Axis(specs[name]) for name in (one, other)]
        whole = complete_turns(self.state.turns, self.state.corners)
        left = sum("specs" in turn for turn in self.state.turns) - len(whole)
        seen = measured_turns(whole, (one, other), self.state.corners)
        if seen:
            plot.scatter(
                *(axis.values(seen) for axis in axes),
                marker="dot",
                color="gray",
            )
        best = front(self.state.turns, one, other, self.state.corners)
        plot.plot(*(axis.values(best) for axis in axes), marker="braille")
        for target in axes[0].targets:
            plot.vline(target)
        for target in axes[1].targets:
            plot.hline(target)
        best_turn = next((turn for turn in seen if turn["index"] == self.state.best.get("index")), None)
        if best_turn is not None:
            x, y = (axis.values([best_turn])[0] for axis in axes)
            named, ends = (
                f"turn {best_turn['index']}, best",
                _ends([*axes[0].values(seen), *axes[0].values(best)], axes[0]),
            )
            # the label is on the side with room
            text, side = (f"{named} ●", "right") if x > sum(ends) / 2 else (f"● {named}", "left")
            plot.text(text, x, y, color="default", background="default", alignment=side)
        for axis, along in zip(axes, (True, False), strict=True):
            _mark(plot, axis, _ends([*axis.values(seen), *axis.values(best)], axis), along=along)
        self.query_one(".detail-title", Static).update(
            Text(f"trade-off · {one} × {other} · pair {self.place + 1} of {len(self.pairs)}")
        )
        said = f" · {counted(left, 'turn')} in fewer than {self.state.corners} corners left out" if left else ""
        note = self.query_one("#left-out", Static)
        better = ", ".join(f"{axis.name} {axis.better}" for axis in axes)
        note.display = True
        note.update(Text(f" dots: turns · curve: the best trade-offs · lines: targets · better: {better}{said}", "dim"))
        widget.display = True
        widget.refresh()


def _ends(values: Sequence[float], axis: Axis) -> tuple[float, ...]:
    """Both ends of an axis with these values and its targets; () without a value."""
    finite = [value for value in (*values, *axis.targets) if math.isfinite(value)]
    if not finite:
        return ()
    pad = 0.04 * (max(finite) - min(finite)) or 0.05 * abs(finite[0]) or 0.5
    return min(finite) - pad, max(finite) + pad


def _mark(plot: Any, axis: Axis, ends: Sequence[float], *, along: bool) -> None:
    """Give an axis of a plotext figure its label, its ends and round numbers as marks."""
    if not ends:
        return
    numbers = PlotAxis("")
    marks = ticks(ends[0], ends[1], numbers)
    names = [tick_label(value, numbers) for value in marks]
    if along:
        plot.xlabel(axis.label)
        plot.xlim(*ends)
        plot.xticks(marks, names)
    else:
        plot.ylabel(axis.label)
        plot.ylim(*ends)
        plot.yticks(marks, names)
