"""The key bar is the last line: the keys with their actions, each a button for the mouse.

Textual's own footer creates a widget per key for every screen, which was most of the time of a key.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from eda_agent.tui.key_places import KeyPlaces

ALWAYS = ("question_mark", "ctrl+p", "q")
"""Keys on the right, which stay if there is too little room."""
LETTERS = ("question_mark", "q")
"""Those that are letters of a text where one is typed."""


class KeyBar(Widget):
    """Complete entries, as many as fit, in the order of the bindings. A screen on top of the main one shows its own
    keys.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $footer-background; color: $footer-foreground; }
    KeyBar .key-bar--key { color: $footer-key-foreground; text-style: bold; }
    """

    def on_mount(self) -> None:
        self._places: list[tuple[int, int, str]] = []
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self.refresh()

    async def on_click(self, event: events.Click) -> None:
        for begin, end, key in self._places:
            if begin <= event.x < end:
                await self.app.run_action(f"app.simulate_key({key!r})")

    def entries(self) -> list[tuple[str, str, str]]:
        """(key, how it is written, what it does), once for each action."""
        found: dict[str, tuple[int, tuple[str, str, str]]] = {}
        base = self.screen is self.app.screen_stack[0]
        typing = getattr(self.app, "typing", False)
        places: KeyPlaces | None = getattr(self.app, "key_places", None)
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            own = node is not self.app
            order = 0 if own or places is None else places.order(binding.id)
            always = binding.key in ALWAYS and (binding.show or not own) and (binding.key != "q" or base)
            if not enabled or order is None or (typing and binding.key in LETTERS):
                continue
            if always or (own and binding.show) or (base and (binding.show or order < 0)):
                word = places.word(binding.id) if base and places is not None else ""
                entry = (binding.key, self.app.get_key_display(binding), word or binding.description)
                found.setdefault(binding.action, (order, entry))
        return [entry for _, entry in sorted(found.values(), key=lambda pair: pair[0])]

    def render(self) -> Text:
        strong = self.get_component_rich_style("key-bar--key", partial=True)
        texts = {key: Text.assemble(" ", (written, strong), f" {words} ") for key, written, words in self.entries()}
        last = {key: text for key, text in texts.items() if key in ALWAYS}
        room = self.size.width - sum(text.cell_len for text in last.values())
        line = Text(no_wrap=True, overflow="crop", end="")
        self._places = []

        def add(key: str, text: Text) -> None:
            self._places.append((line.cell_len, line.cell_len + text.cell_len, key))
            line.append_text(text)

        for key, text in texts.items():
            if key not in last and line.cell_len + text.cell_len <= room:
                add(key, text)
        line.pad_right(max(room - line.cell_len, 0))
        for key, text in last.items():
            add(key, text)
        return line
