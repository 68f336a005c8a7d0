"""A run is elsewhere while another process continues it: a terminal's, another KLayout's, or one that outlived its
KLayout. Its dock follows the journal and steers it through the file of its commands.
"""

from __future__ import annotations

from collections.abc import Callable

import pya

from . import faults
from .holder import Holder, listed
from .runner import Runner

LOOK = 500
"""Milliseconds between two looks at the folder of a run."""


class Elsewhere:
    """Watches the folder of a run that has no process of this window. `changed` is called after anything new."""

    def __init__(self, parent: pya.QWidget, runner: Runner, changed: Callable[[], None]):
        self._runner, self._changed = runner, changed
        self.holder: Holder | None = None
        self._timer = pya.QTimer(parent)
        self._timer.timeout = faults.guarded(self.look, once=True)
        self._timer.start(LOOK)

    @property
    def words(self) -> str:
        """Who continues the run, "" for nobody."""
        found = self.holder if not self._runner.alive else None
        return f"by {found.name}, not by this window" if found is not None else ""

    def look(self) -> None:
        """Look now."""
        runner, before = self._runner, self.holder
        folder = runner.run.folder
        self.holder = listed(folder) if folder and not runner.alive else None
        if runner.alive or not folder:
            return
        if self.holder is not None and (before is None or before.folder != self.holder.folder):
            # what was read of it may be older
            runner.show(folder)
            runner.run.warnings = []
        elif self.holder is not None or before is not None:
            runner.follow()
        if self.holder != before:
            self._changed()

    def tell(self, **order: object) -> None:
        """Send a command to the run, whoever continues it."""
        if self.holder is not None and not self._runner.alive:
            self.holder.tell(**order)
        else:
            self._runner.tell(**order)

    def forget(self) -> None:
        """End the watch."""
        self._timer.stop()
