"""The notes screen lists the notes of a run and its failed simulations."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.tui.view import printable

SHOWN = 200
"""Failed simulations that are shown, the last ones."""


class FailureScreen(Detail):
    """Notes, the newest first, and failed simulations with the simulator's words."""

    heading = "notes and failed simulations"

    def __init__(self, shown: Shown):
        super().__init__()
        self.text = Text("notes\n", "bold")
        self.text.append("\n".join(reversed(shown.notes)) or "none", "none")
        self.text.append("\n\nfailed simulations\n", "bold")
        self.text.append(
            "\n\n".join(
                f"turn {event.get('index')}: {event.get('testbench')} in {event.get('corner')}:"
                f" {event.get('kind')}\n{printable(str(event.get('words', '')))}"
                for event in list(shown.state.failures)[: -SHOWN - 1 : -1]
            )
            or "none",
            "none",
        )

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(self.text)
