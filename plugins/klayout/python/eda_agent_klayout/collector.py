"""The collector is Python's search for unused objects in cycles. In KLayout a full search walks KLayout's own classes,
and the window waits for it.
"""

from __future__ import annotations

import gc

NEVER = 1_000_000_000


def set_aside() -> None:
    """Leave out everything that exists now, KLayout's classes, from all later searches. Once, when the plugin is
    loaded.
    """
    gc.collect()
    gc.freeze()


class Pause:
    """No full search while work is done in slices; the small ones go on. What the work has left is set aside: KLayout
    keeps a Python object for each container of shapes that was drawn into, as long as its cell exists.
    """

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None

    def begin(self) -> None:
        if self._before is None:
            self._before = gc.get_threshold()
            gc.set_threshold(self._before[0], self._before[1], NEVER)

    def end(self) -> None:
        if self._before is not None:
            gc.freeze()
            gc.set_threshold(*self._before)
            self._before = None
