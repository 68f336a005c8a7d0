"""The app under a pilot: on a recorded run every key, on a live ngspice run every order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed, Replay
from eda_agent.tui.screens.circuit import CircuitScreen
from eda_agent.tui.screens.diff import DiffScreen
from eda_agent.tui.screens.failures import FailureScreen
from eda_agent.tui.screens.front import FrontScreen
from eda_agent.tui.screens.help import HelpScreen
from eda_agent.tui.screens.points import PointsScreen
from eda_agent.tui.screens.runs import RunsScreen
from eda_agent.tui.screens.turn import TurnScreen
from eda_agent.tui.screens.waves import WavesScreen

from .driving import cells, drive, recorded_app
from .flow import until


def test_the_main_screen_answers_where_am_i(recorded: Path) -> None:
    app = recorded_app(recorded)
    state = fold(read_journal(recorded / "journal.jsonl"))

    async def steps(pilot: Pilot[None]) -> None:
        specs, sizes, turns = (cells(app, name) for name in ("#spec-table", "#size-table", "#turn-table"))
        assert [row[1] for row in specs] == [spec["name"] for spec in state.started["specs"]]
        assert all(row[0] in "✓~✗" for row in specs) and len(sizes) == len(state.started["parameters"])
        assert [row[0] for row in turns] == [str(turn["index"]) for turn in state.turns]
        # the verification is announced, so that it is not taken for sizing
        told = [event for event in read_journal(recorded / "journal.jsonl") if event["type"] in {"log", "verified"}]
        assert told[-2]["message"].endswith("in 3 corners") and told[-1]["type"] == "verified"
        line = str(app.bar.content)
        assert "ota_5t" in line and "12/12 simulations" in line and "budget spent" in line
        # an older turn under the cursor is what specs and sizes show; i shows the best again
        await pilot.press("up", "up", "up")
        await pilot.pause()
        shown = state.turns[-4]
        assert app.shown == shown["index"] and f"turn {shown['index']}" in str(app.specs.border_title)
        await pilot.press("i")
        await pilot.pause()
        assert app.shown is None and "best" in str(app.specs.border_title)

    drive(app, steps)


@pytest.mark.parametrize(
    "size", [(80, 24), *(pytest.param(size, marks=pytest.mark.evidence) for size in ((120, 36), (200, 60)))]
)
def test_every_screen_at_every_size(recorded: Path, size: tuple[int, int]) -> None:
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        for key, kind in (
            ("enter", TurnScreen),
            ("o", PointsScreen),
            ("f", FrontScreen),
            ("d", DiffScreen),
            ("k", CircuitScreen),
            ("j", FailureScreen),
            ("c", RunsScreen),
            ("question_mark", HelpScreen),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, kind), key
            if kind is FrontScreen:
                before = str(app.screen.query_one(".detail-title", Static).content)
                await pilot.press("right")
                await pilot.pause()
                assert str(app.screen.query_one(".detail-title", Static).content) != before
            await pilot.press("escape")
            await pilot.pause()
            assert app.screen is app.screen_stack[0]
        for key, panel in (("2", app.sizes), ("3", app.curve), ("1", app.turns)):
            await pilot.press(key)
            await pilot.pause()
            assert panel.display and panel.size.height > 0
            assert size[0] >= 120 or [one.display for one in (app.sizes, app.curve, app.turns)].count(True) == 1
        assert app.specs.size.height >= 5

    drive(app, steps, size)


def test_screens_that_simulate_do_so_beside_the_app(recorded: Path) -> None:
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        def said() -> str:
            return str(app.screen.query_one(".detail-title", Static).content)

        await pilot.press("w")
        await until(pilot, lambda: "of" in said() and "simulating" not in said())
        waves = app.screen
        assert isinstance(waves, WavesScreen)
        plots = {figure.plots[0].title: figure.plots for figure in waves.figures}
        assert any("versus time" in title for title in plots)
        # the curve is what was measured: gain at the lowest frequency, in every corner
        measured = next(turn for turn in app.state.turns if turn["index"] == app.state.best["index"])["evaluation"][
            "values"
        ]
        await until(pilot, lambda: str(waves.query_one("#values", Static).content))
        gain, phase = plots["loop: loop gain"]
        for line in gain.lines:
            assert line.y[0] == pytest.approx(measured[line.name]["dc_gain"], abs=0.05)
        assert [line.name for line in phase.lines] == [line.name for line in gain.lines]
        shown = str(waves.query_one("#values", Static).content)
        assert "● nominal" in shown and "phase margin" in shown and " dB, " in shown
        before = str(waves.query_one("#values", Static).content)
        await pilot.press("full_stop", "full_stop")
        await pilot.pause()
        assert str(waves.query_one("#values", Static).content) != before
        await pilot.press("escape")
        await pilot.press("z")
        await until(pilot, lambda: "for 10 % more" in said())
        await until(pilot, lambda: str(app.screen.query_one("#sensitivity", Static).content))
        words = str(app.screen.query_one("#sensitivity", Static).content)
        for name in [one["name"] for one in app.state.started["parameters"] + app.state.started["specs"]]:
            assert name in words
        await pilot.press("escape")
        await pilot.press("m")
        await until(pilot, lambda: " 1 of " in said())
        first = said()
        statistics = str(app.screen.query_one("#statistics", Static).content)
        assert all(word in statistics for word in ("mean ", "sigma ", "Cpk ", "meet every spec", "100 samples in "))
        await pilot.press("right")
        await until(pilot, lambda: said() != first)
        await pilot.press("escape")

    drive(app, steps)


def test_a_finished_run_has_nothing_to_pause_and_a_replay_takes_no_commands(recorded: Path) -> None:
    for app, said in (
        (recorded_app(recorded), ["budget is spent", "the run has ended: p continues it"]),
        (SizingApp(Replay(JournalFeed(recorded / "journal.jsonl"), 0.0), recorded), ["replay", "replay"]),
    ):

        async def steps(pilot: Pilot[None], app: SizingApp = app, said: list[str] = said) -> None:
            await pilot.pause(0.2)
            assert len(app.state.turns) == 13
            for key, words in zip("pv", said, strict=True):
                await pilot.press(key)
                await pilot.pause()
                assert any(words in note.message for note in app._notifications), key

        drive(app, steps)
    assert not (recorded / "orders.jsonl").exists()


def test_a_damaged_journal_keeps_what_was_read(recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(recorded, folder)
    lines = (folder / "journal.jsonl").read_text().splitlines(True)
    (folder / "journal.jsonl").write_text("".join([*lines[:20], "garbage\n", *lines[20:]]))
    app = recorded_app(folder)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.pause(0.2)
        assert any("not an event" in note.message for note in app._notifications)
        assert "not an event" in str(app.bar.content)

    drive(app, steps)


def test_theme_and_keys_are_the_users(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDA_AGENT_CONFIG", str(tmp_path))
    (tmp_path / "tui.yaml").write_text("theme: textual-light\nkeys: {help: f1}\n")
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        assert app.theme == "textual-light"
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        app.theme = "nord"
        await pilot.pause()

    drive(app, steps)
    assert "theme: nord" in (tmp_path / "tui.yaml").read_text() and "help: f1" in (tmp_path / "tui.yaml").read_text()
    for text, said in (
        ("keys: {dance: x}\n", "no action dance"),
        ("[1]\n", "not a settings file"),
        ("theme: gone\n", "no theme"),
        ("a: [\n", "not valid YAML"),
    ):
        (tmp_path / "tui.yaml").write_text(text)
        wrong = recorded_app(recorded)

        async def look(pilot: Pilot[None], wrong: SizingApp = wrong, said: str = said) -> None:
            assert any(said in note.message for note in wrong._notifications)

        drive(wrong, look)


def test_copies(recorded: Path) -> None:
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("y")
        assert "dc_gain" in app.clipboard
        await pilot.press("Y")
        assert json.loads(app.clipboard) == app.state.best["sizing"]
        await pilot.press("ctrl+y")
        assert app.clipboard == (recorded / "sized.spice").read_text()

    drive(app, steps)
