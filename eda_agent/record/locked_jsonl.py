"""A locked JSON-lines file is appended to by one process, which locks it while it is open.

A line torn by a crash is cut off when the file is opened again; everything before it is complete.
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
except ImportError:  # not on Windows: two processes in one folder are not detected there
    fcntl = None  # type: ignore[assignment]  # mypy knows it as a module; None says that there is none

BLOCK = 1 << 20
"""Bytes read at once from the end of a file."""
LOOKS = 5
"""Number of attempts to lock."""


class LockedJsonlFile:
    """A file of JSON lines, open for appending; only one process may hold it. `kind`: its name in messages.

    Raises `InputError` if another process holds it or if it is not a regular file.
    """

    def __init__(self, path: Path, kind: str):
        try:
            # unbuffered: data that a full disk refused must not be written later when the file is closed
            self._file = open_own(path, "ab")
        except OSError as error:
            raise InputError(
                Finding(f"the {kind} cannot be written here: {error.strerror}", path, fix="choose another --out")
            ) from None
        if fcntl is not None:
            for attempt in range(LOOKS):
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    # a process that only checks whether the run is alive holds the lock for a moment
                    if attempt < LOOKS - 1:
                        time.sleep(0.05)
                        continue
                    self._file.close()
                    raise InputError(
                        Finding(
                            "another process is running in this folder",
                            path,
                            fix="wait for it, or choose another --out",
                        )
                    ) from None
        whole = whole_length(path)
        if whole < path.stat().st_size:
            self._file.truncate(whole)

    def write(self, line: bytes) -> None:
        """Write a line with its end; after the return it survives the death of the process. Raises `OSError`."""
        write_all(self._file, line)

    def rewrite(self, text: bytes) -> None:
        """Replace the content of the file. Raises `OSError`."""
        self._file.truncate(0)
        self.write(text)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> LockedJsonlFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def whole_length(path: Path) -> int:
    """The length in bytes up to the last complete line, read from the end."""
    with open_own(path, "rb") as file:
        begin = file.seek(0, os.SEEK_END)
        data = b""
        while True:
            # a complete line can still be garbage after a disk lost a block: it counts as torn too
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
                    Finding(
                        f"a line is longer than {MAX_FILE_BYTES / 1e6:g} MB",
                        path,
                        fix="this program did not write the file",
                    )
                )
            begin -= step
            file.seek(begin)
            data = file.read(step) + data
