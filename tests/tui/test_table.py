"""A table at a moment that is rare: painted after its cells came and before its columns found their widths, as happens
beside other work.
"""

from __future__ import annotations

import asyncio

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.geometry import Region

from eda_agent.tui.table import Table


class OneTable(App[None]):
    def compose(self) -> ComposeResult:
        yield Table()


def painted(table: Table) -> list[str]:
    """What stands in its lines now."""
    return [strip.text.rstrip() for strip in table.render_lines(Region(0, 0, *table.size))][: table.row_count + 1]


@pytest.mark.parametrize("early", [True, False])
def test_a_table_painted_too_early_is_right_afterwards(early: bool) -> None:
    async def look() -> list[list[str]]:
        app = OneTable()
        seen = []
        async with app.run_test(size=(60, 8)) as pilot:
            table = app.query_one(Table)
            # once with new rows, once with longer cells in them
            for name, value in (("a name", "1"), ("a much longer name", "123456")):
                table.show(["n", "v", "w"], [[Text(name), Text(value, justify="right"), Text("end")]])
                if early:
                    painted(table)
                await pilot.pause()
                seen.append(painted(table))
        return seen

    assert asyncio.run(look()) == [
        [" n      v w", " a name 1 end"],
        [" n                       v w", " a much longer name 123456 end"],
    ]


def test_a_cell_takes_another_colour_with_the_same_text() -> None:
    """The bar of a spec that becomes met is as long as before."""

    async def look() -> list[str]:
        app = OneTable()
        async with app.run_test(size=(60, 8)) as pilot:
            table = app.query_one(Table)
            seen = []
            for colour in ("yellow", "green"):
                table.show(["spec", "satisfied"], [[Text("gain"), Text("████████", style=colour)]])
                await pilot.pause()
                (line,) = table.render_lines(Region(0, 1, table.size.width, 1))
                seen += [str(segment.style.color.name) for segment in line if "█" in segment.text and segment.style]
        return seen

    before, after = asyncio.run(look())
    assert before != after
