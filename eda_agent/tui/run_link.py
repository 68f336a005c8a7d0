"""A run link is the app's connection to the shown run: the run's state, its process, and the commands sent to it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from textual.app import App

from eda_agent.agent.commands import Command, command_from
from eda_agent.errors import EdaAgentError
from eda_agent.record.fold import RunState
from eda_agent.run.process import RunProcess

WAKING = {"target", "lock", "unlock", "range", "try", "hint", "back", "return", "policy", "spend"}
"""Commands that resume a run that has ended."""

REPLAY = "this is a replay: it takes no commands"

ENDED = "the run has ended: p continues it, g changes a target, + adds simulations"


class RunLink:
    """`folder`: of the run. `process` takes commands, None for a replay. `app` shows notes."""

    def __init__(self, app: App[None], folder: Path, process: RunProcess | None):
        self.app, self.folder, self.process = app, folder, process
        self.state = RunState()
        self._woken_from: dict[str, Any] | None = None
        self._opens_paused = False

    def open(self, folder: Path, process: RunProcess) -> None:
        """Connect to another run."""
        self.folder, self.process, self.state = folder, process, RunState()

    def tell(self, **data: Any) -> bool:
        """Send a command; returns whether it was sent. An ended run is resumed in the paused state if the command asks
        for more.
        """
        if self.process is None:
            self.app.notify(REPLAY, severity="warning")
            return False
        try:
            given = command_from(data)
            if given.do in WAKING and self.state.started and (self._ended or not self.process.alive):
                self._wake_after(given)
                return True
            if self.state.started and not self.process.alive:
                self.app.notify(ENDED, severity="warning")
                return False
            self.process.send(given)
        except EdaAgentError as error:
            self.app.notify(str(error), severity="error", timeout=10)
            return False
        return True

    @property
    def _ended(self) -> bool:
        """Whether the run has reported its end and was not resumed since."""
        return bool(self.state.finished) and self.state.finished is not self._woken_from

    def _wake_after(self, given: Command) -> None:
        """Resume the run once its process has ended: after its last event it executes no commands."""
        assert self.process is not None
        if self.process.alive:
            if self._ended:
                self.app.set_timer(0.05, lambda: self._wake_after(given))
            else:
                self.process.send(given)
            return
        self.wake(command_from({"do": "pause"}), given)
        self.app.notify("the run had ended: it is resumed and paused, p continues")

    def wake(self, *commands: Command) -> None:
        """Resume an ended run; it executes these commands first."""
        assert self.process is not None
        self._woken_from, self._opens_paused = self.state.finished, bool(commands)
        self.process = self.process.resume(*commands)

    @property
    def reopening(self) -> bool:
        """Whether a process resumes the ended run and has not said so yet."""
        return bool(self.state.finished) and not self._ended and self.process is not None and self.process.alive

    @property
    def paused(self) -> bool:
        """Whether the run is paused; of one that is being reopened whether it will be."""
        return self._opens_paused if self.reopening else self.state.paused

    def toggle_pause(self) -> None:
        """Pause or continue; a run that is being reopened does it as soon as it is open."""
        pauses, early = not self.paused, self.reopening
        if self.tell(do="pause" if pauses else "resume") and early:
            self._opens_paused = pauses
            self.app.notify(f"the run {'will be paused' if pauses else 'continues'} as soon as it is open")

    @property
    def word(self) -> str:
        """What the status says of a run that is being reopened; "" of others."""
        return f"reopening{', then paused' if self._opens_paused else ''}" if self.reopening else ""

    @property
    def closed(self) -> bool:
        """Whether the run has ended and nothing resumes it: a command would reopen it."""
        return self.process is not None and self._ended

    @property
    def what_stays(self) -> str | None:
        """What continues without the app; None if nothing does."""
        if self.process is None or not self.process.alive:
            return None
        doing = "is paused and its process waits" if self.state.paused else "continues"
        return f"The run {doing}. Attach again or stop it (s): eda-agent tui {shlex.quote(str(self.folder))}"

    @property
    def allowed(self) -> int:
        """The total number of simulations that the run may use."""
        return int(self.state.started.get("budget", {}).get("simulations", 0))
