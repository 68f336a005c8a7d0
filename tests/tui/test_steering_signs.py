"""What the screen says while a run starts, opens again, is reviewed or has ended."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Label, Static

from eda_agent.agent.commands import Command
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.app import SizingApp
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.status import status, status_line
from eda_agent.tui.table import Table

from .old_run import append, bar, drive, live, opened, proposal
from .test_ended_run import Reopened


class Listening(Reopened):
    """It also takes commands while it opens."""

    def send(self, command: Command) -> None:
        self.commands.append(command.data())


def test_p_while_a_run_opens_again_is_accepted_and_seen(folder: Path) -> None:
    app = opened(folder)
    process = app.link.process = Listening(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "home", "b")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        app.look_alive()
        app.look()
        assert app.status.state == "reopening, then paused"
        await pilot.pause()
        assert "p continue" in bar(app)
        await pilot.press("p")
        app.look()
        await pilot.pause()
        assert process.commands[-1] == {"do": "resume"} and app.status.state == "reopening"
        assert any("continues as soon as" in note.message for note in app._notifications)
        assert "p pause" in bar(app)
        await pilot.press("p")
        assert process.commands[-1] == {"do": "pause"} and app.status.state == "reopening, then paused"

    drive(app, steps)


def test_the_key_bar_says_continue_while_a_run_is_paused(folder: Path) -> None:
    append(folder)
    app, told = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert "p pause" in bar(app)
        append(folder, {"type": "run.paused"})
        app.look()
        await pilot.pause()
        assert app.status.state == "paused" and "p continue" in bar(app)
        await pilot.press("p")
        assert told[-1] == {"do": "resume"}

    drive(app, steps)


def test_the_clock_of_a_run_begins_with_its_first_event_and_never_goes_back(folder: Path) -> None:
    events = list(read_journal(folder / "journal.jsonl"))
    opening = events[0]["t"] - 5.0
    seconds = []
    for count, now in ((0, opening + 4.0), (1, events[0]["t"] + 2.0), (2, events[1]["t"] + 6.0)):
        state = fold(events[:count])
        seconds.append(status(state, now, True, since=opening).elapsed)
        assert count or status_line(status(state, now, True, since=opening)).endswith("began 4 s ago")
    assert seconds[0] == 0.0 and seconds == sorted(seconds)


def test_an_ended_run_has_no_pace_and_no_workers_and_the_rounded_time_of_the_report(folder: Path) -> None:
    state = fold(read_journal(folder / "journal.jsonl"))
    line = status_line(status(state, time.time(), False))
    assert "turns/s" not in line and "worker" not in line
    now = status(state, time.time(), False)
    assert "· 35 s" in status_line(dataclasses.replace(now, elapsed=34.6))


def test_a_review_from_before_is_said_when_the_run_is_resumed_and_in_the_header(folder: Path) -> None:
    started = next(event for event in read_journal(folder / "journal.jsonl") if event["type"] == "run.started")
    again = {key: value for key, value in started.items() if key not in {"v", "seq", "t"}}
    append(folder, {"type": "review", "on": True}, {**again, "resumed": True})
    app, _ = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert any("review is still on" in told for told in app.notices.kept)
        assert "· review on ·" in str(app.bar.content)

    drive(app, steps)


def test_an_edited_proposal_shows_the_ranges_and_can_be_cancelled(folder: Path) -> None:
    append(folder, {"type": "review", "on": True}, proposal(folder))
    app, told = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, Ask)
        notes = [str(one.content) for one in app.screen.query(".note").results(Label)]
        assert len(notes) == len(app.screen.query(Input)) and all(" … " in note for note in notes)
        assert app.screen.query_one("#leave", Button).label.plain == "cancel"
        await pilot.press("escape")
        assert not told

    drive(app, steps)


@pytest.mark.parametrize(("key", "what"), [("1", "turns"), ("2", "sizes")])
def test_the_filter_names_its_table(folder: Path, key: str, what: str) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press(key, "slash")
        await pilot.pause()
        assert app.screen.query_one("FilterLine", Input).placeholder == f"show only the rows of the {what} with …"

    drive(opened(folder), steps)


def test_a_screens_own_message_goes_with_the_screen(folder: Path) -> None:
    from eda_agent.tui.screens.points import PointsScreen
    from eda_agent.tui.shown import Shown

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        screen = PointsScreen(Shown(app.state, app.folder))
        screen.corners = screen.corners[:1]
        await app.push_screen(screen)
        await app.workers.wait_for_complete()
        await pilot.press("n", "n")
        await pilot.pause()
        assert str(screen.query_one(".detail-title", Static).content).count("the run has one corner") == 1
        assert not any("corner" in note.message for note in app._notifications)
        # the columns of a wide terminal come last
        heads = [str(column.label).strip() for column in screen.query_one(Table).columns.values()]
        assert heads[-3:] == ["vgs", "vth", "gds"]
        rows = screen.known[screen.corners[0]]
        assert rows and all({"vgs", "vth", "gds"} <= set(row) for row in rows.values())

    drive(opened(folder), steps, (160, 40))
