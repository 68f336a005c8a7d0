"""The command palette has every action of the app, and runs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.binding import Binding

from eda_agent.run.process import RunProcess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens.points import PointsScreen
from tests.tui.flow import until


def test_every_action_is_in_the_palette_and_runs_from_it(recorded: Path) -> None:
    app = SizingApp(JournalFeed(recorded / "journal.jsonl"), recorded, RunProcess(recorded))

    async def look() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            titles = {command.title.partition(":")[0].lower() for command in app.get_system_commands(app.screen)}
            bound = [binding.description for binding in app.BINDINGS if isinstance(binding, Binding) and binding.id]
            assert {name.lower() for name in bound if name != "help"} <= titles
            await until(pilot, lambda: bool(app.state.turns))
            await pilot.press("ctrl+p")
            await until(pilot, lambda: app.screen is not app.screen_stack[0])
            await pilot.press(*"operating", "down", "enter")
            await until(pilot, lambda: isinstance(app.screen, PointsScreen))

    asyncio.run(look())
