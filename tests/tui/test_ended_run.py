"""An ended run is reopened only when the user says so; a rejection and a verification are called what they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.agent.commands import Command
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import VERIFYING, fold
from eda_agent.record.journal import read_journal
from eda_agent.record.report.evidence import Evidence
from eda_agent.record.report.head import head
from eda_agent.record.result import state_facts
from eda_agent.record.run_state import load_state
from eda_agent.run.process import RunProcess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.turn import TurnScreen
from eda_agent.tui.status import status, status_line

from .old_run import append, bar, drive, live, opened, proposal


class Reopened(RunProcess):
    """An ended run; a process that resumes it has not written yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.commands: list[dict[str, Any]] = []

    @property
    def alive(self) -> bool:
        return bool(self.commands)

    def resume(self, *commands: Command) -> RunProcess:
        self.commands += [command.data() for command in commands]
        return self


def test_an_ended_run_is_reopened_after_a_question_and_the_header_follows_at_once(folder: Path) -> None:
    app = opened(folder)
    process = app.link.process = Reopened(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        ended = app.status.state
        for keys, question in ((("up", "up", "b"), "set aside turns"), (("2", "l"), "lock")):
            await pilot.press(*keys)
            await pilot.pause()
            assert isinstance(app.screen, Ask) and "Reopen" in app.screen.question and question in app.screen.question
            await pilot.press("escape")
            assert process.commands == [] and app.status.state == ended
        await pilot.press("1", "home", "b")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert process.commands == [{"do": "pause"}, {"do": "back", "turn": 0}]
        app.look_alive()
        app.look()
        assert app.status.state == "reopening, then paused" and "reopening" in str(app.bar.content)
        await pilot.press("q")
        left = str(app._exit_renderables[0])
        assert "continues" in left and str(folder) in left

    drive(app, steps)


def test_keys_without_use_on_an_ended_run_say_which_key_helps(folder: Path) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("v")
        assert any("p continues" in note.message for note in app._notifications)
        await pilot.press("s")
        await pilot.pause()
        assert not isinstance(app.screen, Ask)
        assert any("ended already" in note.message for note in app._notifications)
        assert "review" not in bar(app) and "stop" not in bar(app)
        # turn 0 has no change to show: it has its specs and its sizes
        await pilot.press("home", "enter")
        await pilot.pause()
        assert isinstance(app.screen, TurnScreen)
        await pilot.pause(0.1)
        text = str(app.screen.query_one("#text", Static).content)
        names = [entry["name"] for entry in (*app.state.started["specs"], *app.state.started["parameters"])]
        assert all(f" {name} " in text for name in names)

    drive(opened(folder), steps)


def test_a_rejected_proposal_has_no_score_and_keeps_the_proposer(folder: Path) -> None:
    index = proposal(folder)["index"]
    rejected = {"index": index, "score": 0.0, "met": False, "sizing": None}
    said = {"reasoning": "", "reply": "", "error": "rejected: too wide", "notes": [], "policy": "user", "sizing": None}
    append(folder, {"type": "turn.evaluated", **rejected, "proposal": said})
    app, _ = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        row = [str(cell).strip() for cell in app.turns.table.cells(app.turns.table.row_count - 1)]
        assert row == [str(index), "—", "", "", "", "rejected by you: too wide"]
        assert "user" not in app.status.policy
        await pilot.press("end", "enter")
        await pilot.pause(0.1)
        text = str(app.screen.query_one("#text", Static).content)
        assert text.startswith("rejected by you: too wide") and "score" not in text

    drive(app, steps)


def test_the_verification_is_named_and_misses_are_counted(folder: Path) -> None:
    message = {"level": "info", "about": VERIFYING, "message": "verifying turn 1 in 3 corners"}
    append(folder, {"type": "log", **message}, until="verified")
    state = fold(read_journal(folder / "journal.jsonl"))
    now = status(state, time.time(), True)
    assert now.state == "verifying in 3 corners" and now.left is None
    name = next(iter(state.best["specs"]))
    specs = {one: {**row, "met": one != name} for one, row in state.best["specs"].items()}
    state.best = {**state.best, "met": False, "specs": specs}
    assert f", 1 of {len(specs)} missed" in status_line(status(state, time.time(), True))


def test_a_run_that_starts_says_how_long() -> None:
    assert status_line(status(fold(()), 1042.0, True, since=1000.0)) == "starting · its process began 42 s ago"


def test_report_app_and_show_have_the_same_time(folder: Path) -> None:
    state = load_state(folder)
    facts = dict(head(state, Evidence(), 0.0)["facts"])
    seconds = state_facts("", state, best_turn(state)).seconds
    assert seconds == pytest.approx(status(state, 0.0, False).elapsed) and seconds > 1
    minutes, rest = divmod(round(seconds), 60)
    assert facts["run"].endswith(f" in {minutes} min {rest} s" if minutes else f" in {rest} s")


def test_x_lists_the_policies(folder: Path) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, Ask) and all(name in app.screen.question for name in ("auto", "trust", "random"))

    drive(opened(folder), steps)
