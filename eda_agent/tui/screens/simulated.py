"""Screens that need simulations of their own: waveforms, sensitivity, Monte Carlo. They run beside the app; Escape leaves and ends them."""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.errors import EdaAgentError
from eda_agent.insight.plot_labels import DEFAULT, clipped
from eda_agent.insight.transfer import decibels, transfer, unwrapped
from eda_agent.metrics.waveform import LOOP
from eda_agent.record.fold import RunState
from eda_agent.record.labels import target_text
from eda_agent.tui.cli_subprocess import run_program
from eda_agent.tui.panels import Table, right
from eda_agent.tui.screens.details import Detail
from eda_agent.tui.view import turn_of
from eda_agent.units import format_quantity, shown_unit

SAMPLES = 100
STRONG = 0.5
"""A slope that is marked: a tenth of the range moves the margin by 0.05."""
COLOURS = ("cyan", "magenta", "yellow", "green", "red", "blue")


class Simulated(Detail):
    """`sizing` is that of the shown turn; `show` is given what the program answered."""

    title_ = ""

    def __init__(self, state: RunState, folder: Path, index: int | None):
        super().__init__()
        turn = turn_of(state, index)
        self.state, self.folder = state, folder
        self.sizing: Mapping[str, float] = (turn or {}).get("sizing") or {}
        self.heading = f"{self.title_} · turn {turn['index'] if turn else '—'} · simulating …"
        self.number = turn["index"] if turn else None

    def on_mount(self) -> None:
        self.run_worker(self._run(), exclusive=True)

    async def _run(self) -> None:
        try:
            await self.simulate()
        except EdaAgentError as error:
            if self in self.app.screen_stack:
                self.say(f"{self.title_}: {str(error).splitlines()[0]}")
        except NoMatches:
            # the screen was left just as its answer came: its parts are gone before the worker is
            if self in self.app.screen_stack:
                raise

    def say(self, text: str) -> None:
        self.query_one(".detail-title", Static).update(Text(text))

    async def simulate(self) -> None:
        """Run the program and show what it says."""

    async def ask(self, command: str, *arguments: str) -> dict[str, Any]:
        """What a command answers for the shown sizes, in the run's corners and against its targets; what it says beside is shown as well."""
        found = await run_program(command, self.folder, self.sizing, arguments)
        if found.get("said"):
            self.notify(found["said"], severity="warning")
        return found


class SensitivityScreen(Simulated):
    """How each spec's margin answers to each size, per range."""

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
                        right("—", "dim") if cell is None else right(f"{cell:+.2f}", "bold" if abs(cell) >= STRONG else "dim")
                        for cell in cells
                    ],
                ]
            )
        self.query_one(Table).show(["size", *specs], rows)
        self.query_one(Table).focus()
        self.say(
            f"sensitivity · turn {self.number} · {found['corner']}: change of the margin for the whole range of a size; bold from {STRONG}"
        )


class MonteCarloScreen(Simulated):
    """The spread of each spec under mismatch, and the yield. Left and right choose the spec."""

    BINDINGS: ClassVar[list[BindingType]] = [*Detail.BINDINGS, ("right", "turn(1)", "next spec"), ("left", "turn(-1)", "spec before")]
    title_ = "Monte Carlo"

    def __init__(self, state: RunState, folder: Path, index: int | None):
        super().__init__(state, folder, index)
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
            # a bound that is far away would press the histogram into one bar
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
            f"Monte Carlo · turn {self.number} · {', '.join(self.found['corners'])} · {name} {target_text(spec)}: mean {format_quantity(centre, shown_unit(spec))}, {100 * row['yield']:.0f} % meet it{f', {censored} are censored' if censored else ''} · all specs {100 * self.found['yield']:.0f} % "
            f"(95 %: {100 * low:.0f} to {100 * high:.0f}) of {self.found['samples']} · {self.place + 1} of {len(self.found['specs'])} (← →)"
        )


class WavesScreen(Simulated):
    """Waveforms of every testbench: left and right choose the plot, comma and point move the cursor whose values are shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS, ("right", "turn(1)", "next plot"), ("left", "turn(-1)", "plot before"), ("comma", "move(-1)", "cursor left"), ("full_stop", "move(1)", "cursor right"),
    ]  # fmt: skip
    title_ = "waveforms"

    def __init__(self, state: RunState, folder: Path, index: int | None):
        super().__init__(state, folder, index)
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
            f"waveforms · turn {self.number} · {title} · {self.place + 1} of {len(self.plots)} (← → plot, comma and point move the cursor)"
        )


def plots_of(rows: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, tuple[list[float], list[float]]]]]:
    """(title, unit of the axis, line → (x, y)) of each plot, the corners of a testbench together: gain in dB and phase in degrees for AC."""
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
                add(testbench, "phase of the loop, degrees" if LOOP in probes else "phase, degrees", "Hz", corner, xs, unwrapped(values))
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
