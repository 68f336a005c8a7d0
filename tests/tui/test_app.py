"""The app under a pilot: on a recorded run every key, on a live ngspice run every order."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from eda_agent.agent.commands import Command
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, size
from eda_agent.run.process import RunProcess, start
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed, Replay
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.circuit import CircuitScreen
from eda_agent.tui.screens.diff import DiffScreen
from eda_agent.tui.screens.draft import DraftScreen
from eda_agent.tui.screens.failures import FailureScreen
from eda_agent.tui.screens.front import FrontScreen
from eda_agent.tui.screens.help import HelpScreen
from eda_agent.tui.screens.points import PointsScreen
from eda_agent.tui.screens.runs import RunsScreen
from eda_agent.tui.screens.turn import TurnScreen
from eda_agent.tui.screens.waves import WavesScreen
from eda_agent.tui.table import Table
from tests.conftest import CIRCUITS

from .flow import until

Steps = Callable[[Pilot[None]], Coroutine[Any, Any, None]]


def drive(app: SizingApp, steps: Steps, size: tuple[int, int] = (140, 40)) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(pilot)

    asyncio.run(run())


def cells(app: SizingApp, table: str) -> list[list[str]]:
    if table == "#turn-table":
        turns = app.turns.table
        return [[str(cell).strip() for cell in turns.cells(row)] for row in range(turns.row_count)]
    found: Table = app.screen.query_one(table, Table)
    return [[str(cell).strip() for cell in found.get_row_at(row)] for row in range(found.row_count)]


def recorded_app(folder: Path) -> SizingApp:
    return SizingApp(JournalFeed(folder / "journal.jsonl"), folder, RunProcess(folder))


def test_the_main_screen_answers_where_am_i(recorded: Path) -> None:
    app = recorded_app(recorded)
    state = fold(read_journal(recorded / "journal.jsonl"))

    async def steps(pilot: Pilot[None]) -> None:
        specs, sizes, turns = (cells(app, name) for name in ("#spec-table", "#size-table", "#turn-table"))
        assert [row[1] for row in specs] == [spec["name"] for spec in state.started["specs"]]
        assert all(row[0] in "✓~✗" for row in specs) and len(sizes) == len(state.started["parameters"])
        assert [row[0] for row in turns] == [str(turn["index"]) for turn in state.turns]
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


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
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
        assert any("over time" in title for title in plots)
        # the curve is what was measured: gain at the lowest frequency, in every corner
        measured = next(turn for turn in app.state.turns if turn["index"] == app.state.best["index"])["evaluation"][
            "values"
        ]
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
        await until(pilot, lambda: "grows by 10 %" in said())
        assert len(cells(app, "#sensitivity")) == len(app.state.started["parameters"])
        await pilot.press("escape")
        await pilot.press("m")
        await until(pilot, lambda: "mean" in said())
        first = said()
        await pilot.press("right")
        await pilot.pause()
        assert said() != first and "of 100" in first
        await pilot.press("escape")

    drive(app, steps)


def test_a_finished_run_has_nothing_to_pause_and_a_replay_takes_no_commands(recorded: Path) -> None:
    for app, said in (
        (recorded_app(recorded), ["budget is spent", "no process is running"]),
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


def test_an_order_to_a_run_that_still_ends_waits_for_its_end(recorded: Path) -> None:
    """Its last word is said, its process not gone yet: what is asked then is obeyed by the run that follows, once."""

    class Ending(RunProcess):
        polls, alive_again = 3, False
        resumed: list[tuple[str, ...]] = []
        sent: list[str] = []

        @property
        def alive(self) -> bool:
            Ending.polls -= 1
            return Ending.alive_again or Ending.polls > 0

        def resume(self, *commands: Command) -> RunProcess:
            Ending.resumed.append(tuple(one.do for one in commands))
            Ending.alive_again = True
            return self

        def send(self, order: Command) -> None:
            Ending.sent.append(order.do)

    async def steps(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, SizingApp)
        await until(pilot, lambda: bool(app.state.finished))
        app.link.process = Ending(recorded)
        assert app.link.tell(do="hint", text="one") and app.link.tell(do="hint", text="two")
        await until(pilot, lambda: bool(Ending.sent))
        # until the new run says that it has begun, more goes to it
        app.link.tell(do="hint", text="three")
        assert Ending.resumed == [("pause", "hint")] and Ending.sent == ["hint", "hint"]

    drive(recorded_app(recorded), steps)


def test_a_live_run_is_steered(tmp_path: Path) -> None:
    """A process of its own on ngspice: paused, tried by hand, locked, asked for less, reviewed, taken back, stopped."""
    folder = tmp_path / "live"
    run = start(CIRCUITS / "two_stage_miller", folder, ["--policy", "random", "--budget", "400"])
    app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, run)

    async def steps(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(app.state.turns) > 3)
        await pilot.press("p")
        await until(pilot, lambda: app.state.paused)
        turns = len(app.state.turns)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one("#field-0", Input).value = "7u"
        await pilot.press("enter")
        await until(pilot, lambda: len(app.state.turns) == turns + 1)
        assert app.state.turns[-1]["proposal"]["policy"] == "user" and app.state.turns[-1]["sizing"]["W12"] == 7e-6
        # the second size is locked, the first spec asked for less
        await pilot.press("2", "down", "l")
        await until(pilot, lambda: app.state.started["parameters"][1]["locked"])
        app.specs.query_one(Table).focus()
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one("#field-0", Input).value = "20"
        await pilot.press("enter")
        await until(pilot, lambda: app.state.started["specs"][0]["minimum"] == 20.0)
        await pilot.press("u")
        await until(pilot, lambda: app.state.started["specs"][0]["minimum"] == 70.0)
        await pilot.press("v")
        await until(pilot, lambda: app.state.review)
        await pilot.press("p")
        await until(pilot, lambda: bool(app.state.pending) and not app.state.paused)
        assert app.status.state == "waiting for your decision"
        turns = len(app.state.turns)
        await pilot.press("a")
        await until(pilot, lambda: len(app.state.turns) == turns + 1)
        await until(pilot, lambda: bool(app.state.pending))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("n", "o", "enter")
        await until(pilot, lambda: len(app.state.turns) == turns + 2)
        assert app.state.turns[-1]["proposal"]["error"] == "rejected: no"
        await pilot.press("1")
        app.turns.table.move_cursor(row=2)
        await pilot.pause()
        await pilot.press("b")
        await until(pilot, lambda: len(app.state.turns) == 3)
        await pilot.press("u")
        await until(pilot, lambda: len(app.state.turns) == turns + 2)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.state.finished))
        await until(pilot, lambda: not app._alive)

    drive(app, steps)
    state = fold(read_journal(folder / "journal.jsonl"))
    assert state.finished["stop"] == "user" and (folder / "best.json").exists()
    locked = state.started["parameters"][1]["name"]
    assert state.edits[0]["do"] == "lock" and state.edits[0]["parameter"] == locked


def test_closing_the_app_leaves_the_run_going(tmp_path: Path) -> None:
    folder = tmp_path / "detached"
    run = start(CIRCUITS / "ota_5t", folder, ["--policy", "random", "--budget", "300"])
    app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, run)

    async def steps(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(app.state.turns) > 2)
        await pilot.press("q")

    drive(app, steps)
    seen = len(app.state.turns)
    # another app attaches to it by its folder alone, and stops it
    other = recorded_app(folder)

    async def attach(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(other.state.turns) > seen + 2)
        assert other.status.state == "running" or other._alive
        other.link.tell(do="stop")
        await until(pilot, lambda: bool(other.state.finished))

    drive(other, attach)


def test_two_runs_side_by_side(recorded: Path) -> None:
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await pilot.pause()
        await pilot.press("space")
        await pilot.pause()
        rows = cells(app, "#reached")
        assert len(rows) == len(app.state.started["specs"]) + 2 and rows[0][2] == rows[0][3]
        assert all(row[1] == row[2] for row in cells(app, "#sizes-of-both"))

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


def test_a_bare_netlist_becomes_a_run(tmp_path: Path) -> None:
    """Drafted by init, edited, refused with its fault, mended, started."""
    netlist = tmp_path / "amp.spice"
    shutil.copy(CIRCUITS / "ota_5t" / "ota_5t.spice", netlist)
    app = SizingApp(JournalFeed(tmp_path / "run" / "journal.jsonl"), tmp_path / "run", None, draft=netlist)

    async def steps(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(app.screen, DraftScreen))
        screen = app.screen
        assert isinstance(screen, DraftScreen)
        area = screen.query_one(TextArea)

        def said() -> str:
            return str(screen.query_one("#findings", Static).content)

        await until(pilot, lambda: "input pair" in said() and "parameters:" in area.text)
        good = area.text.replace("budget: {simulations: 200}", "budget: {simulations: 3}")
        area.load_text(good.replace("parameters:", "parametres:"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "parametres" in said())
        area.load_text(good)
        await pilot.press("f5")
        await until(pilot, lambda: len(app.state.turns) > 1)
        assert app.screen is app.screen_stack[0] and app.link.process is not None
        app.link.tell(do="stop")
        await until(pilot, lambda: bool(app.state.finished))

    drive(app, steps)
    assert (tmp_path / "spec.yaml").exists() and (tmp_path / "run" / "best.json").exists()


def test_a_run_that_cannot_start_is_a_message_in_place(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("name: broken\ncircuit: nowhere.spice\n")
    folder = tmp_path / "run"
    app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, start(spec, folder))

    async def steps(pilot: Pilot[None]) -> None:
        await until(
            pilot,
            lambda: any("nowhere.spice" in note.message or "subckt" in note.message for note in app._notifications),
        )
        assert app.broken

    drive(app, steps)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["tui", "nowhere"], "no run and no spec"), (["tui", "."], "needs a terminal")],
)
def test_what_cannot_be_shown_is_said_before_a_screen_is_drawn(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "x.spice").write_text("* nothing\n")
    (tmp_path / "spec.yaml").write_text("name: x\n")
    import subprocess

    flag = [] if said == "needs a terminal" else ["--anywhere"]
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", *arguments, *flag],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(CIRCUITS.parent)},
    )
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_schematic_gets_the_sizes_and_is_brought_back(tmp_path: Path) -> None:
    """What has no place in it is said on the screen."""
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    schematic = tmp_path / "amp" / "ota.sch"
    text = (Path(__file__).parents[1] / "fixtures" / "ota.sch").read_text().replace("Wx=3", "W12=3u")
    schematic.write_text(text)
    folder = tmp_path / "run"
    size(Request(tmp_path / "amp", "random", simulations=3, out=folder))
    app = recorded_app(folder)

    async def steps(pilot: Pilot[None]) -> None:
        def said() -> str:
            return str(app.screen.query_one("#wrote", Static).content)

        async def write(what: str) -> None:
            row = next(place for place, cells_ in enumerate(cells(app, "#products")) if what in cells_[1])
            app.screen.query_one(Table).move_cursor(row=row)
            await pilot.press("enter")

        await pilot.press("E")
        await pilot.pause()
        await write("sizes into the xschem schematic")
        await until(pilot, lambda: "written" in said())
        assert "was not found" in said().lower() and schematic.read_text() != text
        await write("undo that")
        await until(pilot, lambda: "as it was" in said())
        assert schematic.read_text() == text
        assert not any("undo" in row[1] for row in cells(app, "#products"))

    drive(app, steps)
