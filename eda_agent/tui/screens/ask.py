"""A question is a form with the present values, answered with Enter, left with Escape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from eda_agent.tui.field_checks import Check


class Ask(ModalScreen[dict[str, str] | None]):
    """`fields`: name → present text; the answer has the same names, None if the question was left. Without fields it
    asks yes or no. `check`: what is wrong with an answer; the question stays, and says it below the field.
    `notes`: name → a text behind its field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "cancel")]

    def __init__(
        self,
        title: str,
        fields: dict[str, str],
        confirm: str = "ok",
        check: Check | None = None,
        notes: Mapping[str, str] | None = None,
    ):
        super().__init__()
        self.question, self.fields, self.confirm, self.check = title, fields, confirm, check
        self.notes = notes or {}

    def compose(self) -> ComposeResult:
        with Vertical(id="ask"):
            yield Label(self.question, markup=False)
            with VerticalScroll(id="fields"):
                for number, (name, text) in enumerate(self.fields.items()):
                    with Horizontal():
                        yield Label(name, classes="name", markup=False)
                        yield Input(text, id=f"field-{number}", compact=True)
                        if note := self.notes.get(name):
                            yield Label(note, classes="note", markup=False)
                    yield Static(id=f"wrong-{number}", classes="wrong")
            with Horizontal(id="buttons"):
                yield Button(self.confirm, id="ok", variant="primary", compact=True)
                yield Button("cancel", id="leave", compact=True)

    def on_mount(self) -> None:
        self.query("#field-0, #ok").first().focus()

    def on_input_submitted(self) -> None:
        self.action_answer()

    def on_button_pressed(self, event: Any) -> None:
        if event.button.id == "ok":
            self.action_answer()
        else:
            self.dismiss(None)

    def action_answer(self) -> None:
        given = {name: self.query_one(f"#field-{number}", Input).value for number, name in enumerate(self.fields)}
        wrong = self.check(given) if self.check is not None else {}
        if not wrong:
            self.dismiss(given)
            return
        for number, name in enumerate(self.fields):
            place = self.query_one(f"#wrong-{number}", Static)
            place.update(Text(f"✗ {wrong[name]}" if name in wrong else "", "red"))
            place.display = name in wrong
        self.query_one(f"#field-{list(self.fields).index(next(iter(wrong)))}", Input).focus()

    def action_leave(self) -> None:
        self.dismiss(None)
