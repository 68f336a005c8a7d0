"""The user's settings in the app: applied at the start, and kept when the palette changes the theme."""

from __future__ import annotations

import contextlib
from typing import Any

from textual.app import App

from eda_agent.errors import EdaAgentError
from eda_agent.tui.keys import KEYS
from eda_agent.tui.settings import Settings, checked_settings, write_settings


class UserSettings:
    """`kept`: what the settings file has."""

    def __init__(self, app: App[Any]):
        self.app = app
        self.kept = Settings()

    def apply(self) -> None:
        """Read the file and set theme and keys; an invalid file is a note."""
        try:
            self.kept = checked_settings(list(KEYS), self.app.available_themes)
            if self.kept.theme:
                self.app.theme = self.kept.theme
            self.app.set_keymap(self.kept.keys)
        except EdaAgentError as error:
            self.app.notify(str(error), severity="warning", timeout=15)
        self.app.watch(self.app, "theme", self._keep, init=False)

    def _keep(self, theme: str) -> None:
        """Keep the theme chosen in the palette for the next start."""
        if theme != self.kept.theme:
            self.kept = Settings(theme, self.kept.keys)
            with contextlib.suppress(OSError):
                write_settings(self.kept)
