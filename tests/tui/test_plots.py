"""Plots of the terminal app have their marks at any size, and tables their columns at any width."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotext._figure import _figure_class
from rich.cells import cell_len
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import Static
from textual_plotext import PlotextPlot

from eda_agent.insight.least_margin import least_margin
from eda_agent.tui.app import SizingApp
from eda_agent.tui.screens import simulated
from eda_agent.tui.screens.sensitivity import blocks
from eda_agent.tui.terminal_histogram import draw_histogram
from eda_agent.tui.view import turn_of

from .old_run import FIXTURE, drive, opened

ANSWERS = FIXTURE.parent / "answers"


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The answers of the programs that screens start; a test may change them."""
    found = {name: json.loads((ANSWERS / f"{name}.json").read_text()) for name in ("sim", "mc", "sensitivity")}

    async def run_program(command: str, _: Path, __: Mapping[str, float], given: Sequence[str] = ()) -> Any:
        if "--waves" in given:
            shutil.copy(ANSWERS / "waves.json", given[-1])
        return found[command]

    monkeypatch.setattr(simulated, "run_program", run_program)
    return found


async def come_to_rest(app: SizingApp, pilot: Pilot[None]) -> None:
    await app.workers.wait_for_complete()
    for _ in range(3):
        await pilot.pause()


def drawn(app: SizingApp) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", app.screen.query_one(PlotextPlot).plt.build())


def test_a_bode_plot_has_its_marks_at_every_size_of_the_terminal(folder: Path, answered: dict[str, Any]) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await come_to_rest(app, pilot)
        for marks in (("40 dB", "0 dB", "-40 dB", "-90 deg", "● 36.5 MHz", "PM 78.0 deg ●"), ("20 dB", "-45 deg")):
            text = drawn(app)
            assert all(mark in text for mark in marks), text
            await pilot.resize_terminal(120, 50)
            await come_to_rest(app, pilot)

    drive(app=opened(folder), steps=steps)


def test_monte_carlo_is_run_in_the_corner_of_the_least_margin(
    folder: Path, answered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def run_program(command: str, _: Path, __: Mapping[str, float], given: Sequence[str] = ()) -> Any:
        asked.extend(given)
        return {**answered[command], "corners": [given[given.index("--corner") + 1]]}

    monkeypatch.setattr(simulated, "run_program", run_program)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("m")
        await come_to_rest(app, pilot)
        least = least_margin(app.state.started, turn_of(app.state, None) or {})
        assert least is not None
        spec, corner = least
        assert asked[asked.index("--corner") + 1] == corner
        said = str(app.screen.query_one("#statistics", Static).content)
        assert f"samples in {corner}, the corner of the least margin ({spec})" in said

    drive(app=opened(folder), steps=steps)


def test_the_input_offset_has_a_page_without_a_spec_of_the_run(folder: Path, answered: dict[str, Any]) -> None:
    """`mc` measures it for every differential input."""
    row = {**answered["mc"]["specs"]["input_offset"], "minimum": None, "maximum": None, "sigmas": None, "cpk": None}
    answered["mc"]["specs"] = {"added_offset": {**row, "unit": "V", "shown": "V"}}

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("m")
        await come_to_rest(app, pilot)
        said = str(app.screen.query_one(".detail-title", Static).content)
        assert "added_offset no target · 1 of 1" in said and len(said) <= 80
        lines = str(app.screen.query_one("#statistics", Static).content).splitlines()
        assert "mean" in lines[0] and "Cpk" not in lines[0] and "meet it" not in lines[1]

    drive(app=opened(folder), steps=steps)


def test_bars_count_every_value_and_far_limits_are_outside() -> None:
    values = [50.0] * 3 + [50.2] * 6 + [51.0]
    text = {}
    for limit in (49.5, 10.0):
        figure = _figure_class()
        figure.plot_size(60, 20)
        draw_histogram(figure, values, "dB", [limit], 50.2)
        text[limit] = re.sub(r"\x1b\[[0-9;]*m", "", figure.build())
    assert "← limit" not in text[49.5] and "limit" in text[49.5] and "← limit 10 dB" in text[10.0]
    assert "mean" in text[10.0] and "51 dB" in text[10.0] and "█" in text[10.0]


@given(
    st.lists(st.lists(st.text("abc9%", min_size=1, max_size=9), min_size=3, max_size=3), min_size=2, max_size=12),
    st.integers(25, 90),
)
def test_blocks_hold_every_column_once_and_fit(cells: list[list[str]], width: int) -> None:
    found = blocks([[Text(cell) for cell in column] for column in cells], width)
    lines = [block.plain.splitlines() for block in found]
    assert all(cell_len(line) <= width for block in lines for line in block)
    # row by row, the cells after the first are those of all columns in order
    for row in range(3):
        shown = [word for block in lines for word in block[row].split()[1:]]
        assert shown == [column[row] for column in cells[1:]]
        assert all(block[row].split()[0] == cells[0][row] for block in lines)
