"""The app is driven by a pilot that presses keys, and its tables are read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from eda_agent.run.process import RunProcess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.table import Table

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
