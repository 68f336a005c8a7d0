"""A journal is the append-only file of a run's events, one JSON object per line, written before any other listener
receives them.

A line torn by a crash is cut off when the journal is opened again; everything before it is complete.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from eda_agent.errors import Finding, InputError, StorageError
from eda_agent.files import json_line, lines_of, open_own
from eda_agent.interrupts import DeferInterrupts
from eda_agent.near_path import near_path
from eda_agent.record.event import VERSION, Event
from eda_agent.record.journal_schema import JournalSchema
from eda_agent.record.locked_jsonl import LockedJsonlFile

WORDS = "stderr.log"
"""File with the messages of a run's own process, beside its journal from the process's first moment."""
_NOT_MEASURED = frozenset(["turn.proposed", "best.updated", "sim.failed", "log", "hello"])


class Journal:
    """The journal file of a run, open for appending; only one process may hold it. Raises `InputError` if another
    process does.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file = LockedJsonlFile(path, "journal")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._sync: Future[None] | None = None

    def append(self, event: Event) -> None:
        """Write an event. After the return it survives the death of the process.

        The data is synced to the disk in the background and is there before the next measurement is written: the disk
        works during the next proposal and its simulation (2 ms per turn). A power failure costs at most the last turn.
        Raises `StorageError`; a partly written line is cut off when the journal is opened again.
        """
        measured = event["type"] not in _NOT_MEASURED
        try:
            if measured:
                self._synced()
            self._file.write(json_line(event).encode())
        except OSError as error:
            raise StorageError(
                f"{self.path}: the journal cannot be written: {error.strerror}\n    → free disk space, then continue"
                " with --resume; earlier turns are safe"
            ) from None
        if measured:
            self._sync = self._thread.submit(os.fsync, self._file.fileno())

    def _synced(self) -> None:
        if self._sync is not None:
            sync, self._sync = self._sync, None
            sync.result()

    def close(self) -> None:
        """Wait until everything is on the disk, and close."""
        with DeferInterrupts():
            try:
                with contextlib.suppress(OSError):
                    self._synced()
            finally:
                self._thread.shutdown()
                self._file.close()

    def leave(self) -> None:
        """Close the journal without a run; delete it if it is empty."""
        empty = os.fstat(self._file.fileno()).st_size == 0
        if empty:
            self.path.unlink(missing_ok=True)
        self.close()


def read_journal(path: Path) -> Iterator[Event]:
    """The events of a journal; a torn last line is left out. Raises `InputError` for a file that is not a journal."""
    try:
        file = open_own(path, "rb")
    except OSError as error:
        check_begun(path.parent)
        near = near_path(path.parent, lambda beside: (beside / path.name).is_file())
        fix = near or "is this the folder of a run?"
        raise InputError(Finding(f"cannot read the journal: {error.strerror}", path, fix=fix)) from None
    form = JournalSchema()
    with file:
        for number, line in enumerate(_lines(file, path), start=1):
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
                    Finding(
                        "this line is not an event", path, number, fix="the journal was damaged after it was written"
                    )
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
            if wrong := form.fault(event):
                raise InputError(Finding(wrong, path, number, fix="the journal was changed after it was written"))
            yield event


def check_begun(folder: Path) -> None:
    """Raise `InputError` for the folder of a run whose process has no journal yet."""
    if (folder / WORDS).is_file() and not (folder / "journal.jsonl").exists():
        fix = f"wait until its first design is simulated; {WORDS} says why if it has failed"
        raise InputError(Finding("the run has not begun yet", folder, fix=fix))


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    try:
        yield from lines_of(file)
    except OSError as error:
        raise InputError(
            Finding(f"cannot read the journal: {error.strerror}", path, fix="this program did not write it")
        ) from None
