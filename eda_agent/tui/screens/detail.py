"""A detail is a screen on top of the main one until Escape leaves it."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from eda_agent.tui.key_bar import KeyBar


class Detail(Screen[None]):
    """A screen that Escape leaves; `heading` is its first line. It opens at once and is filled later, so that no key
    waits.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "app.pop_screen", "back"),
        Binding("q", "app.pop_screen", "back", show=False),
    ]
    heading = ""
    filled = False

    def compose(self) -> ComposeResult:
        yield Static(self.heading, classes="detail-title", markup=False)
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The widgets below the heading."""
        yield from ()

    def on_mount(self) -> None:
        self.call_after_refresh(self.refill)

    def refill(self) -> None:
        """Fill the screen again."""
        self.run_worker(self._fill(), exclusive=True, group="fill")

    def tell(self, text: str) -> None:
        """Say something that concerns this screen alone: in its heading, until the next drawing."""
        title = self.query_one(".detail-title", Static)
        if not str(title.content).endswith(text):
            title.update(Text(f"{title.content} · {text}"))

    async def _fill(self) -> None:
        await self.fill()
        self.filled = True

    async def fill(self) -> None:
        """Fill in what takes time to compute."""
