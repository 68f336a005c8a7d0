"""What stands out on a screen: colours, the worst corner, a replay, and what a wide screen adds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.closeness import CLOSE_BY, CLOSE_SHARE
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed, Replay
from eda_agent.tui.spec_columns import spec_columns
from eda_agent.tui.table import COLOURS, Table
from eda_agent.tui.view import SpecRow, spec_rows, turn_of

from .old_run import bar, drive, opened


def spec_row(name: str, worst: str) -> SpecRow:
    ends = ("50 mV", "60 mV", "70.25 mV", worst)
    return SpecRow(name, "≥ 50 mV", (("60 mV", "pass"),) * 17, "pass", "+10 mV", "", ends, "50 mV", "xm5")


@pytest.mark.parametrize("corners", [1, 3, 17])
def test_what_is_met_is_never_orange(corners: int) -> None:
    columns = spec_columns([spec_row("saturation", "tt")], [f"c{number}" for number in range(corners)], 78)
    styles = {str(cell.style) for cells in columns.values() for cell in cells}
    assert not any(COLOURS[word] in style for style in styles for word in ("near", "fail"))


@pytest.mark.parametrize(
    ("width", "first"),
    [(120, ["min", "typ", "max", "worst in"]), (62, ["typ", "worst", "worst in"]), (56, ["worst", "worst in"])],
)
def test_the_worst_corner_is_never_cut(width: int, first: list[str]) -> None:
    """With its temperature, which is at the end of its name; what has no room is to the right."""
    corners = ["nominal", *(f"ss_1.62V_{temperature}C" for temperature in range(16))]
    columns = spec_columns([spec_row("a_spec_of_16_char", "ss_1.62V_-40C")], corners, width)
    names = list(columns)
    assert names[4 : 4 + len(first)] == first and {"min", "typ", "max", *corners} <= set(names)
    shown = names[: 4 + len(first)]
    assert sum(1 + max(len(name), columns[name][0].cell_len) for name in shown) <= width


def test_a_thin_pass_looks_as_in_the_report(folder: Path) -> None:
    """It is met, but not green: a word stands beside its margin."""
    state = fold(read_journal(folder / "journal.jsonl"))
    turn = turn_of(state, None)
    assert turn is not None
    spec = next(one for one in state.started["specs"] if one["minimum"] and turn["specs"][one["name"]]["met"])
    result = turn["specs"][spec["name"]]
    near = spec["minimum"] + 0.1 * CLOSE_BY.get(spec["unit"], CLOSE_SHARE * spec["minimum"])
    turn["specs"][spec["name"]] = {**result, "value": near}
    turn["evaluation"]["values"][result["corner"]][spec["name"]] = near
    row = next(row for row in spec_rows(state, turn) if row.name == spec["name"])
    columns = spec_columns([row], state.started["corners"], 150)
    assert row.verdict == "thin" and str(columns["margin"][0]).endswith(" thin") and str(columns[""][0]) == "✓"
    assert str(columns["margin"][0].style) == "" and "green" not in str(columns[result["corner"]][0].style)


def test_the_word_thin_takes_no_column_away() -> None:
    corners = ["nominal", *(f"ss_1.62V_{temperature}C" for temperature in range(16))]
    rows = {word: replace(spec_row("a_spec_of_16_char", "ss_1.62V_-40C"), verdict=word) for word in ("pass", "thin")}
    for width in range(50, 90):
        names = {word: list(spec_columns([row], corners, width))[:8] for word, row in rows.items()}
        assert names["pass"] == names["thin"], width
    wide = str(spec_columns([rows["thin"]], corners, 90)["margin"][0])
    assert wide.endswith(" thin") and not str(spec_columns([rows["thin"]], corners, 62)["margin"][0]).endswith("thin")


def test_corners_of_missed_specs_come_first_and_a_row_has_one_unit(folder: Path) -> None:
    corners = ["nominal", *(f"c{number}" for number in range(1, 17))]
    rows = [spec_row("met", "c3"), replace(spec_row("missed", "c9"), verdict="fail", short="14.5 %")]
    assert list(spec_columns(rows, corners, 150))[-17:][:3] == ["c9", "c3", "nominal"]
    assert "14.5 %" in str(spec_columns(rows, ["tt"], 150)["short by"][1])
    state = fold(read_journal(folder / "journal.jsonl"))
    turn = {**turn_of(state, None)}  # type: ignore[dict-item]  # the run has turns
    spec = {**state.started["specs"][0], "unit": "Ohm", "shown": "Ohm", "minimum": None, "maximum": 2.0}
    values = dict(zip(state.started["corners"], (0.659, 0.948, 1.2), strict=True))
    turn["evaluation"] = {"values": {corner: {spec["name"]: value} for corner, value in values.items()}}
    state.started = {**state.started, "specs": [spec]}
    texts = [text for text, _ in spec_rows(state, turn)[0].cells]
    assert {text.rpartition(" ")[2] for text in texts} == {"Ohm"}, texts


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
