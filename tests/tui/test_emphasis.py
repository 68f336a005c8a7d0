"""What stands out on a screen: colours, the worst corner, a replay, and what a wide screen adds."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed, Replay
from eda_agent.tui.panels import spec_columns
from eda_agent.tui.table import COLOURS, Table
from eda_agent.tui.view import SpecRow

from .old_run import bar, drive, opened


def spec_row(name: str, worst: str) -> SpecRow:
    ends = ("50 mV", "60 mV", "70.25 mV", worst)
    return SpecRow(name, "≥ 50 mV", (("60 mV", "pass"),) * 17, "pass", "+10 mV", "█" * 8, ends, "50 mV", "xm5")


@pytest.mark.parametrize("corners", [1, 3, 17])
def test_what_is_met_is_never_orange(corners: int) -> None:
    columns = spec_columns([spec_row("saturation", "tt")], [f"c{number}" for number in range(corners)], 78)
    styles = {str(cell.style) for cells in columns.values() for cell in cells}
    assert not any(COLOURS[word] in style for style in styles for word in ("near", "fail"))


@pytest.mark.parametrize(
    ("width", "first"),
    [(120, ["min", "typ", "max", "worst in"]), (62, ["min", "max", "worst in"]), (56, ["worst", "worst in"])],
)
def test_the_worst_corner_is_never_cut(width: int, first: list[str]) -> None:
    """With its temperature, which is at the end of its name; what has no room is to the right."""
    corners = ["nominal", *(f"ss_1.62V_{temperature}C" for temperature in range(16))]
    columns = spec_columns([spec_row("a_spec_of_16_char", "ss_1.62V_-40C")], corners, width)
    names = list(columns)
    assert names[4 : 4 + len(first)] == first and {"min", "typ", "max", *corners} <= set(names)
    shown = names[: 4 + len(first)]
    assert sum(1 + max(len(name), columns[name][0].cell_len) for name in shown) <= width


@pytest.mark.parametrize("speed", [0.0, 1000.0])
def test_a_replay_is_called_one(folder: Path, speed: float) -> None:
    app = SizingApp(Replay(JournalFeed(folder / "journal.jsonl"), speed), folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.pause(0.3)
        line = str(app.bar.content)
        assert "replay" in line and "interrupted" not in line and "budget spent" not in line
        # it takes no commands, so the key bar offers none
        assert "pause" not in bar(app) and "q quit" in bar(app)

    drive(app, steps)


def test_a_wide_screen_shows_bode_and_operating_points(recorded: Path) -> None:
    app = opened(recorded)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        # in place of the curve
        assert app.points.display and app.bode.display and not app.curve.display
        points = app.points.query_one(Table)
        assert points.row_count == len(app.state.turns[-1]["evaluation"]["operating_points"])
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "loop gain" in str(app.bode.border_title)
        values = str(app.bode.query_one("#bode-values", Static).content)
        assert "crossover" in values and "phase margin" in values
        # another turn under the cursor: its operating points
        await pilot.press("up", "up")
        await pilot.pause()
        assert f"turn {app.shown} " in str(app.points.border_title)

    drive(app, steps, (200, 55))


def test_a_small_screen_has_no_room_for_them(recorded: Path) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert not app.points.display and not app.bode.display and app.turns.display

    drive(opened(recorded), steps, (120, 35))
