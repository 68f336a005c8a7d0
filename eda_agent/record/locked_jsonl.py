"""A locked JSON-lines file has one process that appends to it. It is locked while it is open, and whole to its last line.

A line that was torn by a crash is cut off when the file is opened again; everything before it is whole.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from types import TracebackType

import orjson

from eda_agent.errors import Finding, InputError
from eda_agent.files import MAX_FILE_BYTES, open_own, write_all

try:
    import fcntl
except ImportError:  # not on Windows: two processes on one folder go unnoticed there
    fcntl = None  # type: ignore[assignment]  # mypy knows it as a module; None says that there is none

BLOCK = 1 << 20
"""Bytes read at once from the end of a file."""
LOOKS = 5
"""Attempts at the lock."""


class LockedJsonlFile:
    """A file of JSON lines, open for appending; only one process may hold it. `kind`: what it is called in a message.

    Raises `InputError` when another process does, or when it is no regular file.
    """

    def __init__(self, path: Path, kind: str):
        try:
            # without a buffer: what a full disk refused must not come back when the file is closed
            self._file = open_own(path, "ab")
        except OSError as error:
            raise InputError(Finding(f"no {kind} can be kept here: {error.strerror}", path, fix="choose another --out")) from None
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

    def write(self, line: bytes) -> None:
        """Write a line with its end: when this returns it survives the death of the process. Raises `OSError`."""
        write_all(self._file, line)

    def rewrite(self, text: bytes) -> None:
        """Write the file anew. Raises `OSError`."""
        self._file.truncate(0)
        self.write(text)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> LockedJsonlFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def whole_length(path: Path) -> int:
    """The length in bytes up to the last whole line. Reads from the end, as much as it must."""
    with open_own(path, "rb") as file:
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
            if len(data) > MAX_FILE_BYTES:
                raise InputError(
                    Finding(f"a line is longer than {MAX_FILE_BYTES / 1e6:g} MB", path, fix="the file was not written by this program")
                )
            begin -= step
            file.seek(begin)
            data = file.read(step) + data
