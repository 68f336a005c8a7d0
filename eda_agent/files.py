"""Files are written whole or not at all; what others wrote is read only where it is a file, and not larger than it may be."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

MOST = 50_000_000
"""Bytes of a file that is read whole, where nothing smaller is said."""


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; two processes may write the same one. Raises `OSError`, which names the file."""
    with _whole(path, path.with_name(f"{path.name}.{os.getpid()}.part")) as part:
        part.write_text(text, encoding="utf-8")


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """The same for a file that something else writes, by the path it is given; the suffix is kept."""
    with _whole(path, path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")) as part:
        write(part)


@contextlib.contextmanager
def _whole(path: Path, part: Path) -> Iterator[Path]:
    """`part` becomes `path` at the end, or goes."""
    try:
        yield part
        part.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(part)):
            # a disk that fills up fails the write, and that does not say of which file
            error.filename = str(path)
        raise


def read_file(path: Path, most: int = MOST) -> bytes:
    """The content of a regular file of at most so many bytes. Raises `OSError`, also for a pipe or a device, which might never end."""
    with open_file(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most / 1e6:g} MB", str(path))
    return data


def open_file(path: Path) -> BinaryIO:
    """A regular file, open for reading. Raises `OSError`."""
    # without waiting: opening a pipe would until somebody writes to it
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return open(descriptor, "rb")


def json_line(data: Any) -> str:
    """One object as a line of JSON."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n"


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, none where there is no file; a torn line is left out."""
    rows = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                rows.append(json.loads(line))
    return rows
