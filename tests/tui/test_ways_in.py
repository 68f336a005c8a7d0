"""Every way into the app: each key that the app binds, on a run and on a replay; and the same things by mouse alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from textual.binding import Binding
from textual.pilot import Pilot

from eda_agent.agent.commands import command_from
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed, Replay
from eda_agent.tui.filter_line import FilterLine
from eda_agent.tui.key_bar import KeyBar
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.help import HelpScreen
from eda_agent.tui.screens.points import PointsScreen
from eda_agent.tui.screens.turn import TurnScreen
from eda_agent.tui.table import Table
from eda_agent.tui.turn_list import TurnList

from .driving import drive, recorded_app
from .flow import until

BOUND = [binding for binding in SizingApp.BINDINGS if isinstance(binding, Binding)]


def test_every_key_answers_and_none_breaks_the_app(recorded: Path, tmp_path: Path) -> None:
    # some keys take up a run that has ended
    folder = tmp_path / "ota"
    shutil.copytree(recorded, folder)
    for app in (recorded_app(folder), SizingApp(Replay(JournalFeed(folder / "journal.jsonl"), 0.0), folder)):

        async def steps(pilot: Pilot[None], app: SizingApp = app) -> None:
            said: list[str] = []
            app.notify = lambda message, **how: said.append(message)  # type: ignore[method-assign]  # notes fade with time: they are counted as they come
            await until(pilot, lambda: bool(app.state.finished))
            for binding in BOUND:
                if binding.action == "quit":
                    continue
                stacked = len(app.screen_stack)
                said.clear()
                below = [panel.display for panel in (app.turns, app.sizes, app.curve)]
                await pilot.press(binding.key)
                await pilot.pause()
                assert app.is_running and app._exception is None, binding.key
                # what cannot be done now says why; what can shows something
                answered = (
                    bool(said)
                    or len(app.screen_stack) != stacked
                    or bool(app.screen.query(FilterLine))
                    or below != [panel.display for panel in (app.turns, app.sizes, app.curve)]
                )
                # they change what is not there now: another turn than the best, a filter
                assert answered or binding.id in {None, "follow", "branch", "below_turns"}, binding.key
                if len(app.screen_stack) > stacked or binding.id == "filter":
                    await pilot.press("escape")
                    await pilot.pause()
            if app.link.process is not None and app.link.process.alive:
                app.link.process.send(command_from({"do": "stop"}))
                await until(pilot, lambda: not (app.link.process and app.link.process.alive))
            await pilot.press("q")
            await until(pilot, lambda: not app.is_running)

        drive(app, steps, (80, 24))


def test_by_mouse_alone(recorded: Path) -> None:
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        # a click on a turn shows it, a second one opens it
        await pilot.click(TurnList, offset=(4, 1))
        await pilot.pause()
        assert app.shown == app.turns.selected
        await pilot.click(TurnList, offset=(4, 1))
        await until(pilot, lambda: isinstance(app.screen, TurnScreen))
        await pilot.press("escape")
        # a second click on a spec asks for its target, on a size for a value of one's own; the button leaves the form
        for table in ("#spec-table", "#size-table"):
            app.screen.query_one(table, Table).focus()
            for _ in range(2):
                await pilot.click(table, offset=(6, 2))
                await pilot.pause()
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.click("#leave")
            await until(pilot, lambda: not isinstance(app.screen, Ask))
        # what stands in the last line is a button
        for written, kind in (("o", PointsScreen), ("?", HelpScreen)):
            bar = app.screen.query_one(KeyBar)
            place = bar.render().plain.index(f" {written} ")
            await pilot.click(KeyBar, offset=(place + 1, 0))
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind))  # type: ignore[misc]  # the default binds the kind of this round
            await pilot.press("escape")
            await pilot.pause()

    drive(app, steps, (200, 50))
