"""Ahead computes what a training will ask for next in a process beside it, one thing early.

Python runs one thread at a time: examples written in a thread would take their time from the learner that waits for them.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_LENGTH = struct.Struct("<Q")


class Ahead(Generic[Item, Result]):
    """`make` of each of the `items`, in order. Where processes cannot be forked, `next` computes it on the spot.

    What `make` raises, `next` raises. The process shares this one's memory as it was: it sees nothing that changes later.
    """

    def __init__(self, make: Callable[[Item], Result], items: Iterable[Item]):
        self._make, self._items = make, iter(items)
        self._child = 0
        self._source = -1
        if sys.platform.startswith("linux"):
            self._fork()

    def _fork(self) -> None:
        source, sink = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._child = os.fork()
        if self._child:
            os.close(sink)
            self._source = source
            return
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            # the simulators' pipes would stay open with us
            os.closerange(3, sink)
            os.closerange(sink + 1, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 1 << 16 else 1 << 16)
            with contextlib.suppress(BrokenPipeError), open(sink, "wb") as file:
                for item in self._items:
                    data = _attempt(self._make, item)
                    file.write(_LENGTH.pack(len(data)) + data)
                    file.flush()
        finally:
            # nothing of the parent's is to be cleaned up here
            os._exit(0)

    def next(self) -> Result:
        """The result of the next item. Raises StopIteration where there is none, RuntimeError where the process has gone."""
        if not self._child:
            return self._make(next(self._items))
        next(self._items)
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        # ours: written by the fork of this process
        good, value = pickle.loads(self._read(length))  # noqa: S301
        if not good:
            raise value
        result: Result = value
        return result

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = os.read(self._source, min(count - len(parts), 1 << 20))
            if not part:
                raise RuntimeError("the process that writes examples has gone")
            parts += part
        return bytes(parts)

    def close(self) -> None:
        """End the process."""
        if self._child:
            os.close(self._source)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._child = 0


def _attempt(make: Callable[[Any], Any], item: Any) -> bytes:
    try:
        return pickle.dumps((True, make(item)), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001  # told to the parent, which raises it
        try:
            return pickle.dumps((False, error))
        except Exception:  # noqa: BLE001  # an error that cannot travel: its words can
            return pickle.dumps((False, RuntimeError(str(error))))
