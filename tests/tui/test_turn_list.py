"""The list of turns: only what is in sight is made, the cursor goes where keys and mouse say, and what grows is
followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rich.text import Text
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from eda_agent.tui.panels import thinned
from eda_agent.tui.turn_list import TurnList


class Alone(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.made: list[int] = []
        self.chosen = 0

    def compose(self) -> ComposeResult:
        yield TurnList([Text(" turn", justify="right"), Text(" said")])

    @property
    def turns(self) -> TurnList:
        return self.query_one(TurnList)

    def cells(self, row: int) -> list[Text]:
        self.made.append(row)
        return [Text(f" {row}"), Text(f" what was said at {row}")]

    def on_turn_list_chosen(self) -> None:
        self.chosen += 1


def play(steps: Callable[[Alone, Pilot[None]], Awaitable[None]]) -> None:
    async def run() -> None:
        app = Alone()
        async with app.run_test(size=(40, 11)) as pilot:
            await pilot.pause()
            app.turns.focus()
            await steps(app, pilot)

    asyncio.run(run())


def shown(app: Alone) -> list[str]:
    return [app.turns.render_line(y).text.strip() for y in range(app.turns.size.height)]


def test_a_hundred_thousand_rows_cost_what_is_in_sight() -> None:
    async def steps(app: Alone, pilot: Pilot[None]) -> None:
        app.turns.show(100_000, app.cells)
        await pilot.pause()
        assert shown(app)[0] == "turn said"
        assert shown(app)[-1].startswith("99999 what")
        assert len(set(app.made)) <= 30
        await pilot.press("home")
        await pilot.pause()
        assert app.turns.cursor_row == 0 and shown(app)[1].startswith("0 what")
        await pilot.press("pagedown", "down", "up")
        await pilot.pause()
        assert app.turns.cursor_row == 10
        assert len(set(app.made)) <= 60

    play(steps)


def test_the_newest_is_followed_until_the_cursor_leaves_it() -> None:
    async def steps(app: Alone, pilot: Pilot[None]) -> None:
        app.turns.show(50, app.cells)
        app.turns.show(51, app.cells)
        await pilot.pause()
        assert app.turns.cursor_row == 50 and "50 what" in shown(app)[-1]
        await pilot.press("up", "up")
        app.turns.show(60, app.cells)
        await pilot.pause()
        assert app.turns.cursor_row == 48
        # what was shown is no longer true: fewer rows, and made anew
        before = len(app.made)
        app.turns.show(3, app.cells, fresh=True)
        await pilot.pause()
        assert app.turns.cursor_row == 2 and len(app.made) > before
        app.turns.show(0, app.cells, fresh=True)
        await pilot.pause()
        assert shown(app)[1:] == [""] * 10
        await pilot.press("enter", "down", "end")
        assert app.chosen == 0

    play(steps)


def test_a_filter_without_a_hit_leaves_the_cursor_where_it_was() -> None:
    async def steps(app: Alone, pilot: Pilot[None]) -> None:
        app.turns.show(50, app.cells)
        app.turns.move_cursor(30)
        for text in ("z", "zz", ""):
            app.turns.filter(text)
            await pilot.pause()
        assert app.turns.place == app.turns.cursor_row == 30
        # the cursor follows the hits, the last of which is above it
        for text in ("4", "4z", "4zz", ""):
            app.turns.filter(text)
        assert app.turns.place == app.turns.cursor_row == 49

    play(steps)


def test_by_mouse() -> None:
    async def steps(app: Alone, pilot: Pilot[None]) -> None:
        app.turns.show(5, app.cells)
        await pilot.pause()
        await pilot.click(TurnList, offset=(3, 2))
        assert app.turns.cursor_row == 1 and app.chosen == 0
        await pilot.click(TurnList, offset=(3, 2))
        await pilot.pause()
        assert app.chosen == 1
        # the heading and the empty space below are no rows
        for y in (0, 9):
            await pilot.click(TurnList, offset=(3, y))
        assert app.turns.cursor_row == 1

    play(steps)


def test_a_thinned_curve_keeps_its_peaks() -> None:
    values = [((7 * place) % 101) / 101 for place in range(2001)]
    points = thinned(values, 100)
    assert len(points) <= 100 and max(value for _, value in points) == max(values)
    assert all(values[place] == value for place, value in points)
    assert thinned([0.5, 0.4]) == [(0, 0.5), (1, 0.4)] and thinned([]) == []
