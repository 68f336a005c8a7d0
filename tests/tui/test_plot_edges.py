"""What lies at the edge of a plot or beyond it is told: a far limit, the highest mark, the label of the best turn."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotext._figure import _figure_class
from textual.pilot import Pilot
from textual_plotext import PlotextPlot

from eda_agent.record.axis import Axis, ticks
from eda_agent.record.plot_data import Line, Plot
from eda_agent.tui.app import SizingApp
from eda_agent.tui.screens.front import FrontScreen
from eda_agent.tui.screens.waves import WavesScreen
from eda_agent.tui.shown import Shown
from eda_agent.tui.terminal_histogram import draw_histogram
from eda_agent.tui.terminal_plot import _heights, _levels

from .old_run import bar, drive, opened


def built(figure: object) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", figure.build())  # type: ignore[attr-defined]  # of plotext


@pytest.mark.parametrize(("limit", "arrow"), [(44.0, "← limit 44 dB"), (99.0, "limit 99 dB →")])
def test_a_far_limit_has_an_arrow(limit: float, arrow: str) -> None:
    figure = _figure_class()
    figure.plot_size(70, 16)
    values = [60.0 + 0.1 * math.sin(number) for number in range(50)]
    draw_histogram(figure, values, "dB", [limit], 60.0)
    text = built(figure)
    assert arrow in text and "mean" in text
    draw_histogram(figure, values, "dB", [60.05], 60.0)
    assert "→" not in built(figure) and "limit" in built(figure)


@given(st.floats(-200, 100), st.floats(1, 400), st.integers(2, 40))
def test_thinned_marks_keep_the_highest_and_zero_and_have_lines_of_their_own(
    low: float, height: float, lines: int
) -> None:
    plot = Plot("p", Axis("x"), Axis("dB", "dB", step=20), [Line("a", [0.0, 1.0], [low, low + height])])
    every, kept = ticks(*_heights(plot), plot.y), _levels(plot, lines)
    assert set(kept) <= set(every) and kept == sorted(kept)
    assert kept[-1] == every[-1]
    assert 0.0 not in every or 0.0 in kept
    gaps = [(upper - lower) / (every[1] - every[0]) for lower, upper in itertools.pairwise(kept)]
    # two marks in one line would hide one of them; 0 dB and the highest may be as near as the terminal is low
    assert all(gap * lines >= len(every) or lower == 0.0 for gap, lower in zip(gaps, kept, strict=False))


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 36), marks=pytest.mark.evidence)])
def test_the_best_turn_of_the_trade_off_has_its_whole_label(folder: Path, size: tuple[int, int]) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        screen = FrontScreen(Shown(app.state, app.folder))
        await app.push_screen(screen)
        await app.workers.wait_for_complete()
        for _ in range(len(screen.pairs)):
            await pilot.pause()
            text = re.sub(r"\x1b\[[0-9;]*m", "", screen.query_one(PlotextPlot).plt.build())
            assert f"turn {app.state.best['index']}, best" in text
            await pilot.press("right")

    drive(opened(folder), steps, size)


def test_the_cursor_keys_of_the_waves_stand_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self: WavesScreen) -> None:
        return

    monkeypatch.setattr(WavesScreen, "simulate", nothing)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await pilot.pause()
        assert ", . cursor" in bar(app) and "cursor right" not in bar(app)

    drive(opened(folder), steps)
