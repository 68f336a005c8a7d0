"""The waves screen plots the waveforms of every testbench."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.insight.plot_labels import DEFAULT, clipped
from eda_agent.insight.transfer import decibels, transfer, unwrapped
from eda_agent.metrics.waveform import LOOP
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown
from eda_agent.units import format_quantity

COLOURS = ("cyan", "magenta", "yellow", "green", "red", "blue")


class WavesScreen(Simulated):
    """Waveforms of every testbench: left and right choose the plot, comma and point move the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("right", "turn(1)", "next plot"),
        ("left", "turn(-1)", "plot before"),
        ("comma", "move(-1)", "cursor left"),
        ("full_stop", "move(1)", "cursor right"),
    ]
    title_ = "waveforms"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.plots: list[tuple[str, str, dict[str, tuple[list[float], list[float]]]]] = []
        self.place = 0
        self.cursor = 0.5

    def body(self) -> ComposeResult:
        yield PlotextPlot(id="waves")
        yield Static(id="values")

    async def simulate(self) -> None:
        with tempfile.TemporaryDirectory(prefix="eda-agent-") as folder:
            path = Path(folder) / "waves.json"
            await self.ask("sim", "--waves", str(path))
            self.plots = plots_of(json.loads(path.read_text(encoding="utf-8")))
        self.draw()

    def action_turn(self, by: int) -> None:
        if self.plots:
            self.place = (self.place + by) % len(self.plots)
            self.draw()

    def action_move(self, by: int) -> None:
        self.cursor = min(max(self.cursor + by * 0.02, 0.0), 1.0)
        if self.plots:
            self.draw()

    def draw(self) -> None:
        title, axis, lines = self.plots[self.place]
        widget = self.query_one(PlotextPlot)
        plot = widget.plt
        plot.clear_figure()
        log = axis == "Hz"
        at = 0.0
        values = []
        for number, (name, (xs, ys)) in enumerate(lines.items()):
            shown = [math.log10(x) for x in xs] if log else xs
            plot.plot(shown, ys, marker="braille", color=COLOURS[number % len(COLOURS)], label=name)
            at = shown[0] + self.cursor * (shown[-1] - shown[0])
            nearest = min(range(len(shown)), key=lambda place: abs(shown[place] - at))
            values.append(f"{name} {format_quantity(ys[nearest], digits=5)}")
        plot.vline(at, color="gray")
        plot.xlabel(f"log10 {axis}" if log else axis)
        widget.refresh()
        where = format_quantity(10**at if log else at, axis, 4)
        self.query_one("#values", Static).update(Text(f" {where}   {'   '.join(values)}"))
        self.say(
            f"waveforms · turn {self.number} · {title} · {self.place + 1} of {len(self.plots)} (← → plot, comma and"
            " point move the cursor)"
        )


def plots_of(rows: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, tuple[list[float], list[float]]]]]:
    """(title, unit of the axis, line → (x, y)) of each plot, with the corners of a testbench together: gain in dB and
    phase in degrees for AC.
    """
    found: dict[tuple[str, str], dict[str, tuple[list[float], list[float]]]] = {}
    units: dict[tuple[str, str], str] = {}

    def add(testbench: str, what: str, unit: str, line: str, xs: list[float], ys: list[float]) -> None:
        if len(xs) > 1:
            found.setdefault((testbench, what), {})[line] = (xs, ys)
            units[testbench, what] = unit

    for row in rows:
        testbench, corner, about = row["testbench"], row["corner"], row.get("shown", DEFAULT)
        for kind, wave in row["analyses"].items():
            xs, probes = wave["axis"], wave["probes"]
            if kind == "ac" and {LOOP, "out"} & probes.keys():
                values, what = transfer(wave), "loop gain" if LOOP in probes else about["ac"]["what"]
                sign = 1 if LOOP in probes else about["ac"]["sign"]
                add(testbench, f"{what}, dB", "Hz", corner, xs, [sign * value for value in decibels(values)])
                add(
                    testbench,
                    "phase of the loop, degrees" if LOOP in probes else "phase, degrees",
                    "Hz",
                    corner,
                    xs,
                    unwrapped(values),
                )
            elif kind == "noise":
                for role in about["noise"]["roles"]:
                    if role in probes:
                        add(
                            testbench,
                            f"{role} noise, log10 {about['noise']['unit'] if role == 'input' else 'V/√Hz'}",
                            "Hz",
                            corner,
                            xs,
                            [math.log10(max(value, 1e-30)) for value in probes[role]],
                        )
            elif kind in {"tran", "dc"}:
                for role, values in probes.items():
                    if role != "supply":
                        add(
                            testbench,
                            f"{'transient' if kind == 'tran' else 'sweep'}, {'A' if role == 'current' else 'V'}",
                            "s" if kind == "tran" else about["dc"]["unit"],
                            f"{corner} {role}",
                            xs,
                            clipped(values, None if role == "current" else about["limits"])[0],
                        )
    return [(f"{testbench}: {what}", units[testbench, what], lines) for (testbench, what), lines in found.items()]
