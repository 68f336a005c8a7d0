"""Prefetch computes the next item of a training in another process, one item ahead.

Python runs one thread at a time: examples written in a thread would take time from the waiting learner.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Prefetch(Generic[Item, Result]):
    """`make` of each of the `items`, in order. If processes cannot be forked, `next` computes it directly.

    `next` raises what `make` raises. The process has a copy of this one's memory and does not see later changes.
    """

    def __init__(self, make: Callable[[Item], Result], items: Iterable[Item]):
        self._make, self._items = make, iter(items)
        self._child = 0
        if sys.platform.startswith("linux"):
            self._fork()

    def _fork(self) -> None:
        self._source, sink = multiprocessing.Pipe(duplex=False)
        sys.stdout.flush()
        sys.stderr.flush()
        self._child = os.fork()
        if self._child:
            sink.close()
            return
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            # the simulators' pipes would stay open in this process
            os.closerange(3, sink.fileno())
            os.closerange(sink.fileno() + 1, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
            self._write(sink)
        finally:
            # do not run the parent's cleanup here
            os._exit(0)

    def _write(self, sink: Connection) -> None:
        """In the fork: write every result when it is ready, until the reader closes. Pickled here, because torch would
        share tensors through files.
        """
        with contextlib.suppress(BrokenPipeError):
            for item in self._items:
                try:
                    found: tuple[bool, Any] = True, self._make(item)
                except Exception as error:  # noqa: BLE001  # whatever it is, the parent raises it where the result would be
                    found = False, error
                sink.send_bytes(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))

    def next(self) -> Result:
        """The result of the next item. Raises StopIteration at the end, RuntimeError if the process has ended."""
        if not self._child:
            return self._make(next(self._items))
        next(self._items)
        try:
            data = self._source.recv_bytes()
        except (EOFError, OSError):
            raise RuntimeError("the process that writes examples has ended") from None
        good, value = pickle.loads(data)  # noqa: S301  # ours: written by the fork of this process, on a pipe that nobody else has
        if not good:
            raise value
        result: Result = value
        return result

    def close(self) -> None:
        """End the process."""
        if self._child:
            self._source.close()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._child = 0
