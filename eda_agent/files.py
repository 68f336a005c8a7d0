"""A file is written whole or not at all, and what others wrote is read only where it is a plain file, and not larger than it may be.

The files of a run and of the caches are the program's own: a link in their place is not followed, so that nobody's file is written through it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

MAX_FILE_BYTES = 50_000_000
"""Bytes of a file that is read whole, where nothing smaller is said."""


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; two processes may write the same one. Raises `OSError`, which names the file."""
    with _whole(path, path.with_name(f"{path.name}.{_word()}.part")) as part, open_own(part, "xb") as file:
        write_all(file, text.encode())


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """The same for a file that something else writes, by the path it is given; the suffix is kept."""
    with _whole(path, path.with_name(f"{path.stem}.{_word()}.part{path.suffix}")) as part:
        write(part)


def _word() -> str:
    """A name that nobody can have put in place before."""
    return f"{os.getpid()}-{secrets.token_hex(6)}"


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


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """The content of a regular file of at most so many bytes. Raises `OSError`, also for a pipe or a device, which might never end."""
    with open_file(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most / 1e6:g} MB", str(path))
    return data


def open_file(path: Path) -> BinaryIO:
    """A regular file, open for reading. Raises `OSError`."""
    return _opened(path, os.O_RDONLY, "rb")


_FLAGS = {
    "rb": os.O_RDONLY,
    "wb": os.O_WRONLY | os.O_CREAT,
    "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "ab": os.O_RDWR | os.O_CREAT | os.O_APPEND,
}


def open_own(path: Path, mode: str) -> BinaryIO:
    """A file of the program's own, without a buffer when it is written.

    Args:
        path: the file; only its last part must not be a link.
        mode: rb, wb, xb (a new file) or ab (also readable).

    Raises:
        OSError: where it cannot be opened, is a link or no regular file, or has a second name under which it would be changed too.
    """
    try:
        return _opened(path, _FLAGS[mode] | getattr(os, "O_NOFOLLOW", 0), {"ab": "ab+"}.get(mode, mode), single=mode != "rb")
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, and links are not followed here", str(path)) from None
        raise


def _opened(path: Path, flags: int, mode: str, *, single: bool = False) -> BinaryIO:
    """A regular file, open. `single`: only where it has no second name."""
    # without waiting: opening a pipe would until somebody writes to it
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or (single and found.st_nlink > 1):
        os.close(descriptor)
        why = "it has a second name, which would be changed too" if stat.S_ISREG(found.st_mode) else "it is no regular file"
        raise OSError(errno.EINVAL, why, str(path))
    if mode == "wb":
        os.ftruncate(descriptor, 0)
    return cast(BinaryIO, open(descriptor, mode.replace("x", "w"), buffering=-1 if mode == "rb" else 0))


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write everything to a file without a buffer, which may take less at once. Raises `OSError`."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def check_own(path: Path) -> None:
    """Raises `OSError` where a file that something else will open is a link, or no regular file."""
    with contextlib.suppress(FileNotFoundError), open_own(path, "rb"):
        pass


def lines_of(file: BinaryIO, most: int = MAX_FILE_BYTES) -> Iterator[bytes]:
    """The lines of a file with their ends. Raises `OSError` at one of more than `most` bytes."""
    while line := file.readline(most):
        if len(line) == most and not line.endswith(b"\n"):
            raise OSError(errno.EFBIG, f"a line is longer than {most / 1e6:g} MB")
        yield line


def json_line(data: Any) -> str:
    """One object as a line of JSON. Half of a pair of characters, as a model or a file's name may have it, becomes a question mark: most readers refuse it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    if "\\ud" in text:
        whole = json.dumps(data, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
        text = json.dumps(json.loads(whole), separators=(",", ":"))
    return text + "\n"


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, none where there is no file; a torn line is left out."""
    rows = []
    with contextlib.suppress(FileNotFoundError), open_file(path) as file:
        for line in lines_of(file):
            with contextlib.suppress(ValueError, RecursionError):
                rows.append(json.loads(line))
    return rows
