"""A journal is the append-only file of a run's events, one JSON object a line, written before anything else hears of them.

A line that was torn by a crash is cut off when the journal is opened again; everything before it is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from eda_agent.errors import Finding, InputError, StorageError
from eda_agent.files import open_file
from eda_agent.interrupts import Whole
from eda_agent.record.event import VERSION, Event

try:
    import fcntl
except ImportError:  # not on Windows: two runs on one folder go unnoticed there
    fcntl = None  # type: ignore[assignment]


_NOT_MEASURED = frozenset(["turn.proposed", "best.updated", "sim.failed", "log", "hello"])


BLOCK = 1 << 20
"""Bytes read at once from the end of a journal."""
LOOKS = 5
"""Attempts at the lock."""


class Journal:
    """The journal file of a run, open for appending; only one process may hold it. Raises `InputError` when another does."""

    def __init__(self, path: Path):
        self.path = path
        if path.exists() and not path.is_file():
            raise InputError(Finding("this is no regular file, and no journal can be kept in it", path, fix="choose another --out"))
        # without a buffer: what a full disk refused must not come back when the file is closed
        self._file = path.open("ab+", buffering=0)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._sync: Future[None] | None = None
        if fcntl is not None:
            for attempt in range(LOOKS):
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    # someone who only looks whether the run is alive holds it for a moment
                    if attempt < LOOKS - 1:
                        time.sleep(0.05)
                        continue
                    self._file.close()
                    raise InputError(
                        Finding("another process is running in this folder", path, fix="wait for it, or choose another --out")
                    ) from None
        whole = whole_length(path)
        if whole < path.stat().st_size:
            self._file.truncate(whole)

    def append(self, event: Event) -> None:
        """Write an event. When this returns it survives the death of the process.

        What was measured is on its way to the disk, too, and there before the next measurement is written: the disk works while the
        next proposal is thought of and simulated (2 ms a turn), and a power failure costs the last turn at most. Raises `StorageError`; a
        part of a line that was written until then is cut off when the journal is opened again.
        """
        measured = event["type"] not in _NOT_MEASURED
        left = memoryview(json.dumps(event, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        try:
            if measured:
                self._synced()
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise StorageError(
                f"{self.path}: the journal cannot be written: {error.strerror}\n    → make room, then go on with --resume; nothing before is lost"
            ) from None
        if measured:
            self._sync = self._thread.submit(os.fsync, self._file.fileno())

    def _synced(self) -> None:
        if self._sync is not None:
            sync, self._sync = self._sync, None
            sync.result()

    def close(self) -> None:
        """Wait until everything is on the disk."""
        with Whole():
            try:
                with contextlib.suppress(OSError):
                    self._synced()
            finally:
                self._thread.shutdown()
                self._file.close()

    def leave(self) -> None:
        """Close it without a run; one that has nothing in it goes."""
        empty = os.fstat(self._file.fileno()).st_size == 0
        if empty:
            self.path.unlink(missing_ok=True)
        self.close()


def whole_length(path: Path) -> int:
    """The length in bytes up to the last whole line. Reads from the end, as much as it must."""
    with path.open("rb") as file:
        begin = file.seek(0, os.SEEK_END)
        data = b""
        while True:
            # a line can be whole and still garbage where a disk lost a block: then it is torn too
            while (stop := data.rfind(b"\n")) >= 0 and (begin == 0 or data.find(b"\n", 0, stop) >= 0):
                start = data.rfind(b"\n", 0, stop) + 1
                with contextlib.suppress(ValueError):
                    orjson.loads(data[start : stop + 1])
                    return begin + stop + 1
                data = data[:start]
            if begin == 0:
                return 0
            step = min(max(BLOCK, len(data)), begin)
            begin -= step
            file.seek(begin)
            data = file.read(step) + data


def read_journal(path: Path) -> Iterator[Event]:
    """The events of a journal; a torn last line is left out. Raises `InputError` for a file that is no journal."""
    try:
        file = open_file(path)
    except OSError as error:
        raise InputError(Finding(f"cannot read the journal: {error.strerror}", path, fix="is this the folder of a run?")) from None
    with file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                event: Any = orjson.loads(line)
                if not isinstance(event, dict) or not isinstance(event["type"], str):
                    raise ValueError
            except (ValueError, KeyError, RecursionError):
                if not file.read(1):
                    return  # garbage at the very end is a torn write
                raise InputError(
                    Finding("this line is no event", path, number, fix="the journal was damaged after it was written")
                ) from None
            if event.get("v") != VERSION:
                raise InputError(
                    Finding(
                        f"the journal has version {event.get('v')}, this program reads {VERSION}",
                        path,
                        number,
                        fix="use the version of eda-agent that wrote it",
                    )
                )
            yield event
