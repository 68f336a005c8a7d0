"""The history is a tree of branches; the time left of an old run knows no pauses."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from eda_agent.record.branches import branches, drawn
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.app import SizingApp
from eda_agent.tui.screens.history import HistoryScreen
from eda_agent.tui.table import Table

from .old_run import branched, drive, live


def test_the_history_is_a_tree_of_branches(folder: Path) -> None:
    branched(folder)
    state = fold(read_journal(folder / "journal.jsonl"))
    found = [
        (lead, branch.turns[0]["index"], branch.turns[-1]["index"], branch.present)
        for lead, branch in drawn(branches(state))
    ]
    assert found == [
        ("● ", 0, 10, True),
        ("├─● ", 11, 20, False),
        ("│ ├─● ", 21, 24, False),
        ("│ ● ", 21, 21, False),
        ("● ", 11, 12, True),
    ]
    app, told = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("B")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen)
        table = app.screen.query_one(Table)
        text = ["|".join(str(cell).strip() for cell in table.get_row_at(row)) for row in range(table.row_count)]
        assert text[0].startswith("● turns 0 to 10|") and text[-1].startswith("● turns 11 to 12|0.6000|12|")
        assert "set aside last" in text[1] and "0.9991|21" in text[3]
        # a branch of the present line: its best turn is under the cursor
        table.move_cursor(row=4)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is app.screen_stack[0] and app.turns.selected == 12
        # the branch that was set aside last: the run returns to it
        await pilot.press("B")
        await app.workers.wait_for_complete()
        app.screen.query_one(Table).move_cursor(row=1)
        await pilot.press("enter")
        await pilot.pause()
        assert told == [{"do": "return"}]

    drive(app, steps)


def test_the_time_left_knows_no_pauses(folder: Path) -> None:
    state = fold(read_journal(folder / "journal.jsonl"))
    state.finished, state.started = {}, {**state.started, "budget": {"simulations": 48}}
    from eda_agent.tui.status import status

    last = state._last or 0.0
    before = status(state, last, True)
    assert before.left is not None and before.rate is not None
    state.apply({"v": 1, "seq": 900, "t": last, "type": "run.paused"})
    assert status(state, last + 3600.0, True).left is None
    assert status(state, last + 3600.0, True).elapsed == pytest.approx(before.elapsed)
    state.apply({"v": 1, "seq": 901, "t": last + 3600.0, "type": "run.resumed"})
    again = {**state.turns[-1], "seq": 902, "t": last + 3600.0 + 1 / before.rate, "index": 25}
    state.apply(again)
    after = status(state, again["t"], True)
    assert after.left == pytest.approx(before.left - 1 / before.rate, rel=0.1)
    assert after.elapsed == pytest.approx(before.elapsed + 1 / before.rate)
