"""The circuit screen draws the branches of the circuit with their sizes."""

from __future__ import annotations

import asyncio

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.errors import EdaAgentError
from eda_agent.insight.drawing import drawing
from eda_agent.run import problem_of_run
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown


class CircuitScreen(Detail):
    """The circuit's branches between its rails, with the sizes of the shown turn."""

    def __init__(self, shown: Shown):
        super().__init__()
        self.heading = f"circuit · sizes of turn {shown.number}"
        self.state, self.folder, self.sizing = shown.state, shown.folder, shown.sizing

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(id="drawing")

    def on_resize(self) -> None:
        self.refill()

    async def fill(self) -> None:
        lines = await asyncio.to_thread(self._lines, self.size.width - 4)
        self.query_one("#drawing", Static).update(Text("\n".join(lines), no_wrap=True))

    def _lines(self, width: int) -> list[str]:
        try:
            asked = problem_of_run(self.folder, self.state)
            drawn = drawing(asked.problem, self.sizing or asked.problem.space.initial, width)
            return [*(f"! {line}" for line in asked.said), *drawn]
        except EdaAgentError as error:
            return [str(error)]
