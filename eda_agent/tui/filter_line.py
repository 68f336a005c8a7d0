"""A filter line is a field below the tables: what is typed there selects the rows of one table."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from eda_agent.tui.key_bar import KeyBar
from eda_agent.tui.table import Table
from eda_agent.tui.turn_list import TurnList

WHAT = {"spec-table": "specs", "size-table": "sizes", "turn-table": "turns", "point-table": "operating points"}
"""What the tables of the main screen have."""


class FilterLine(Input):
    """Enter returns to the table and keeps the filter; Escape removes both."""

    DEFAULT_CSS = """
    FilterLine, FilterLine:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "all rows"),
        Binding("enter", "keep", "to the table", priority=True),
    ]

    def __init__(self, table: Table | TurnList):
        super().__init__(
            table.wanted,
            placeholder=f"show only the rows of the {WHAT.get(table.id or '', 'table')} with …",
            compact=True,
        )
        self.table = table

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.table.filter(event.value)

    def action_keep(self) -> None:
        self.table.focus()
        if not self.value.strip():
            self.remove()

    def action_leave(self) -> None:
        self.table.filter("")
        self.table.focus()
        self.remove()


def open_filter(screen: Screen[Any]) -> None:
    """Open a filter line for the table with the focus, else for the first of the screen."""
    tables = [one for one in screen.query("Table, TurnList") if isinstance(one, (Table, TurnList))]
    table = next((one for one in tables if one.has_focus), tables[0] if tables else None)
    if table is not None:
        close_filter(screen)
        line = FilterLine(table)
        screen.mount(line, before=screen.query_one(KeyBar))
        line.focus()


def close_filter(screen: Screen[Any]) -> None:
    """Show all rows again."""
    for line in screen.query(FilterLine):
        line.action_leave()
