"""A simulated screen needs its own simulations. They run in a separate process; Escape leaves the screen and ends
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual.css.query import NoMatches
from textual.widgets import Static

from eda_agent.errors import EdaAgentError
from eda_agent.tui.cli_subprocess import run_program
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown


class Simulated(Detail):
    """`sizing` is that of the shown turn; `show` receives the program's output."""

    title_ = ""

    def __init__(self, shown: Shown):
        super().__init__()
        self.state, self.folder, self.number = shown.state, shown.folder, shown.number
        self.sizing: Mapping[str, float] = shown.sizing or {}
        self.heading = f"{self.title_} · turn {shown.number} · simulating …"

    def on_mount(self) -> None:
        self.run_worker(self._run(), exclusive=True)

    async def _run(self) -> None:
        try:
            await self.simulate()
        except EdaAgentError as error:
            if self in self.app.screen_stack:
                self.say(f"{self.title_}: {str(error).splitlines()[0]}")
        except NoMatches:
            # the screen was left when its result arrived: its widgets are gone before the worker
            if self in self.app.screen_stack:
                raise

    def say(self, text: str) -> None:
        self.query_one(".detail-title", Static).update(Text(text))

    def on_resize(self) -> None:
        self.draw_soon()

    def draw_soon(self) -> None:
        """Draw once the widgets have their sizes: the marks of the axes depend on them."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw the plot, if there is one and its values have arrived."""

    async def simulate(self) -> None:
        """Run the program and show its output."""

    async def ask(self, command: str, *arguments: str) -> dict[str, Any]:
        """The output of a command for the shown sizes, in the run's corners and against its targets; its messages are
        shown too.
        """
        found = await run_program(command, self.folder, self.sizing, arguments)
        if found.get("said"):
            self.notify(found["said"], severity="warning")
        return found
