"""A table is filtered by what is typed after a slash."""

from __future__ import annotations

import shutil
from pathlib import Path

from textual.pilot import Pilot

from eda_agent.tui.app import SizingApp
from eda_agent.tui.filter_line import FilterLine
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.runs import RunsScreen
from eda_agent.tui.table import Table

from .old_run import drive, live, opened


def rows(table: Table) -> list[str]:
    return [" ".join(str(cell).split()[0] for cell in table.get_row_at(row)[1:2]) for row in range(table.row_count)]


def test_slash_filters_the_table_with_the_focus(folder: Path) -> None:
    app, _ = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        app.state.finished = {}
        specs = app.specs.query_one(Table)
        specs.focus()
        await pilot.press("slash", *"slew")
        await pilot.pause()
        assert rows(specs) == ["slew_rate_up", "slew_rate_down"]
        # keys act on the row that is shown, not on the row with its number
        await pilot.press("enter", "down", "g")
        await pilot.pause()
        assert isinstance(app.screen, Ask) and app.screen.question == "Target of slew_rate_down"
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert specs.row_count == len(app.state.started["specs"]) and not app.screen.query(FilterLine)
        await pilot.press("1", "slash", *"l34 mt")
        await pilot.pause()
        turns = app.turns.table
        every = [turns.cells(row)[4].plain for row in range(turns.row_count)]
        assert every and all("L34" in text and "mt" in text for text in every) and len(every) < len(app.state.turns)
        await pilot.press("enter", "up")
        await pilot.pause()
        assert app.shown == app.turns.selected == int(turns.cells(turns.cursor_row)[0].plain)
        await pilot.press("escape")
        await pilot.pause()
        assert turns.row_count == len(app.state.turns) and app.turns.selected == app.shown

    drive(app, steps)


def test_slash_filters_other_tables_too(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "bandgap")

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await app.workers.wait_for_complete()
        await pilot.press("slash", *"bandg", "enter")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen) and rows(app.screen.query_one(Table)) == ["bandgap"]
        await pilot.press("enter")
        await pilot.pause()
        assert app.folder.name == "bandgap"

    drive(opened(folder), steps)


def test_a_filter_without_a_hit_says_so(folder: Path) -> None:
    app, _ = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        specs = app.specs.query_one(Table)
        for table, count in ((specs, len(app.state.started["specs"])), (app.turns.table, len(app.state.turns))):
            table.focus()
            await pilot.press("slash", *"zzz")
            await pilot.pause()
            assert table.row_count == 0 and f"0 of {count} rows have 'zzz'" in table.render_line(1).text
            await pilot.press("escape")
            await pilot.pause()

    drive(app, steps)
