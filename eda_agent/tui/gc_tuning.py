"""Tuning of the garbage collector: a run of some thousand turns in memory costs the screen a tenth of a second every second without it.

Turns are many, live as long as the app, and have no cycles: after each small portion of them what is garbage is collected, and what is left is set
aside, where the collector does not walk through it again. A page that lay on the screen then is garbage that nobody finds: after a while without
pages everything is looked through once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

PORTION = 50
"""Events after which what came is set aside: a few milliseconds."""
BULK = 500
"""Events that come at once as a journal is opened: there is no garbage among them yet."""
QUIET = 2.0
"""Seconds without a page after which everything may be looked through."""
NEVER = 1 << 30


class GcTuning:
    """Of one app. Used from its own thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._since = 0
        self._pages = False
        self._quiet: float | None = None

    def begin(self) -> None:
        """From here on full collections are only those of `after`. Modules that are there already are set aside."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, NEVER)
        gc.freeze()

    def after(self, events: int, *, pages: bool) -> None:
        """So many events were taken in. `pages`: something lies on the screen that will go again."""
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
