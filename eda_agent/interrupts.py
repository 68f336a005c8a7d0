"""Interrupts (Ctrl-C, a termination) raise `KeyboardInterrupt` in the main thread, but not inside a `DeferInterrupts` block.

Python lets a handler raise between any two steps, also while a lock is being taken that another thread then waits for without end: so it was when an
event was handed to the journal's thread.
"""

from __future__ import annotations

import signal
import threading
from types import TracebackType


class DeferInterrupts:
    """A stretch of the main thread, as a context, that an interrupt waits for: it is raised at the end. A second one is not put off. Elsewhere nothing."""

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            _state.depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        _state.depth -= 1
        if _state.depth == 0 and _state.came:
            _state.came = False
            # what failed meanwhile ends the run as well, and says more
            if error is None:
                raise KeyboardInterrupt


class _State:
    depth = 0
    came = False


_state = _State()


def interrupt(*_: object) -> None:
    """The handler of a signal."""
    if _state.depth and not _state.came:
        _state.came = True
        return
    raise KeyboardInterrupt


def obey(number: int) -> None:
    """Let a signal come through `interrupt`; a Ctrl-C that the caller has ignored stays so."""
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, interrupt)
