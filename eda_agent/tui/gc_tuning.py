"""Tuning of the garbage collector: without it a run of some thousand turns costs a tenth of a second every second.

Turns are many, live as long as the app, and have no cycles. After each small portion the garbage is collected and the
rest is frozen, so that the collector does not visit it again. A screen that was open at that time becomes garbage that
is not found; after a time without screens everything is collected once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

PORTION = 50
"""Number of events after which new objects are frozen: a few milliseconds."""
BULK = 500
"""Number of events at once when a journal is opened: there is no garbage among them yet."""
QUIET = 2.0
"""Seconds without a screen after which a full collection is allowed."""
NEVER = 1 << 30


class GcTuning:
    """The tuning of one app. Use it from the app's thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._since = 0
        self._pages = False
        self._quiet: float | None = None

    def begin(self) -> None:
        """From here on full collections happen only in `after`. Existing modules are frozen."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, NEVER)
        gc.freeze()

    def after(self, events: int, *, pages: bool) -> None:
        """Called after `events` events. `pages`: a temporary screen is open."""
        self._since += events
        if pages:
            self._quiet = None
        elif self._quiet is None:
            self._quiet = self.clock()
        if self._since < PORTION:
            return
        self._since = 0
        if self._pages and self._quiet is not None and self.clock() - self._quiet > QUIET:
            gc.unfreeze()
            self._pages = False
        self._pages |= pages
        if events < BULK:
            gc.collect()
        gc.freeze()
