"""Interrupts (Ctrl-C, SIGTERM) raise `KeyboardInterrupt` in the main thread, except inside a `DeferInterrupts` block.

Python calls a signal handler between any two instructions, also while a lock is being acquired. Another thread then
waits for the lock forever. This happened when an event was passed to the journal's thread.
"""

from __future__ import annotations

import signal
import threading
from types import TracebackType


class DeferInterrupts:
    """A context in which the main thread defers an interrupt to its end. A second interrupt is not deferred. In other
    threads it has no effect.
    """

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            _state.depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        _state.depth -= 1
        if _state.depth == 0 and _state.came:
            _state.came = False
            # an error inside the block also ends the run, and says more
            if error is None:
                raise KeyboardInterrupt


class _State:
    depth = 0
    came = False


_state = _State()


def interrupt(*_: object) -> None:
    """Raise `KeyboardInterrupt` (a signal handler)."""
    if _state.depth and not _state.came:
        _state.came = True
        return
    raise KeyboardInterrupt


def obey(number: int) -> None:
    """Handle a signal with `interrupt`, unless the parent process ignores Ctrl-C."""
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, interrupt)
