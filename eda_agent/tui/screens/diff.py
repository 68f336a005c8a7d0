"""The diff screen shows the netlist before and after."""

from __future__ import annotations

import asyncio

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from eda_agent.errors import EdaAgentError
from eda_agent.record.export import netlist_diff
from eda_agent.run import problem_of_run
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown


class DiffScreen(Detail):
    """The netlist before and after."""

    heading = "netlist · what changed"

    def __init__(self, shown: Shown):
        super().__init__()
        self.state, self.folder, self.sizing = shown.state, shown.folder, shown.sizing

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail"):
            yield Static(id="text")

    async def fill(self) -> None:
        self.query_one("#text", Static).update(await asyncio.to_thread(self._text))

    def _text(self) -> Text:
        try:
            asked = problem_of_run(self.folder, self.state)
            lines = netlist_diff(asked.problem, self.sizing or asked.problem.space.initial).splitlines()
        except EdaAgentError as error:
            return Text(str(error))
        text = Text("\n" + "".join(f"! {line}\n" for line in asked.said))
        for line in lines or ["nothing changed"]:
            style = (
                "green"
                if line.startswith("+")
                else "red"
                if line.startswith("-")
                else "dim"
                if line.startswith("@")
                else ""
            )
            text.append(line + "\n", style=style)
        return text
