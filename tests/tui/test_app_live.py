"""The app beside a live run: steering it, leaving it, two of them."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from eda_agent.agent.commands import Command
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run.process import RunProcess, start
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.table import Table
from tests.conftest import CIRCUITS

from .driving import cells, drive, recorded_app
from .flow import until


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
