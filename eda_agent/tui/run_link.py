"""A run link is the app's connection to the run that it shows: the run's state, its process, and the commands sent to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App

from eda_agent.agent.commands import Command, command_from
from eda_agent.errors import EdaAgentError
from eda_agent.record.fold import RunState
from eda_agent.tui.process import RunProcess

WAKING = {"target", "lock", "unlock", "range", "try", "hint", "back", "return", "policy", "spend"}
"""Commands that make sense to a run that has ended: it is resumed."""


class RunLink:
    """`folder`: of the run. `process` takes commands, None for a replay. `app` shows notes."""

    def __init__(self, app: App[None], folder: Path, process: RunProcess | None):
        self.app, self.folder, self.process = app, folder, process
        self.state = RunState()
        self._woken_from: dict[str, Any] | None = None

    def open(self, folder: Path, process: RunProcess) -> None:
        """Connect to another run."""
        self.folder, self.process, self.state = folder, process, RunState()

    def tell(self, **data: Any) -> bool:
        """Send a command; whether it was sent. A run that has ended is resumed where the command asks for more, and waits."""
        if self.process is None:
            self.app.notify("this is a replay: it takes no commands", severity="warning")
            return False
        try:
            given = command_from(data)
            if given.do in WAKING and self.state.started and (self._ended or not self.process.alive):
                self._wake_after(given)
                return True
            self.process.send(given)
        except EdaAgentError as error:
            self.app.notify(str(error), severity="error", timeout=10)
            return False
        return True

    @property
    def _ended(self) -> bool:
        """Whether the run has reported its end, and was not resumed since."""
        return bool(self.state.finished) and self.state.finished is not self._woken_from

    def _wake_after(self, given: Command) -> None:
        """Resume the run once its process is gone: a run that has reported its end obeys nothing more."""
        assert self.process is not None
        if self.process.alive:
            if self._ended:
                self.app.set_timer(0.05, lambda: self._wake_after(given))
            else:
                self.process.send(given)
            return
        self.wake(command_from({"do": "pause"}), given)
        self.app.notify("the run had ended: it is taken up again and waits, p goes on")

    def wake(self, *commands: Command) -> None:
        """Resume a run that has ended; it obeys these commands first."""
        assert self.process is not None
        self._woken_from = self.state.finished
        self.process = self.process.resume(*commands)

    @property
    def allowed(self) -> int:
        """Simulations that the run may take in all."""
        return int(self.state.started.get("budget", {}).get("simulations", 0))
