"""The help screen lists the keys in groups."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.tui.keys import GROUPS
from eda_agent.tui.screens.detail import Detail


class HelpScreen(Detail):
    """Every key, with what it does. `own`: id of an action → the user's key for it."""

    heading = "keys"

    def __init__(self, own: Mapping[str, str]):
        super().__init__()
        self.own = own

    def body(self) -> ComposeResult:
        lines = [Text("enter  on a turn: its details; on a spec: its target; on a size: try a value")]
        lines += [Text("tab    from table to table"), Text("ctrl+p command palette: everything below, and themes")]
        for group, keys in GROUPS.items():
            lines += [Text(), Text(group, "bold")]
            lines += [Text(f"  {self.own.get(key.id, key.written):<6} {key.help}") for key in keys]
        with VerticalScroll(classes="detail"):
            yield Static(Text("\n").join(lines))
