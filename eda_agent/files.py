"""Files are written completely or not at all; files of others are read only if they are regular files below a size
limit.

The program owns the files of a run and of the caches. It does not follow a link in their place, so that it never writes
through it into another file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

MAX_FILE_BYTES = 50_000_000
"""Default limit for a file that is read at once, in bytes."""
DAMAGED_ARRAYS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading an `.npz` file of others may raise, its JSON text included."""


def write_text(path: Path, text: str) -> None:
    """Write a file completely or not at all; two processes may write the same one. Raises `OSError` with the file's
    name.
    """
    with _whole(path, path.with_name(f"{path.name}.{_word()}.part")) as part, open_own(part, "xb") as file:
        write_all(file, text.encode())


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """The same for a file written by `write`, which receives a path; the suffix is kept."""
    with _whole(path, path.with_name(f"{path.stem}.{_word()}.part{path.suffix}")) as part:
        write(part)


def _word() -> str:
    """A name that no other process can have created."""
    return f"{os.getpid()}-{secrets.token_hex(6)}"


@contextlib.contextmanager
def _whole(path: Path, part: Path) -> Iterator[Path]:
    """Rename `part` to `path` at the end, or delete it after an error."""
    try:
        yield part
        part.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(part)):
            # a full disk fails the write, and the error does not name the file
            error.filename = str(path)
        raise


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder with its parents; after an error, those that were made and are empty go again."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for one in made:
                one.rmdir()
        raise


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """The content of a regular file of at most `most` bytes. Raises `OSError`, also for a pipe or a device, which might
    never end.
    """
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
    """Open a file of the program's own, unbuffered for writing.

    Args:
        path: the file; its last part must not be a link.
        mode: rb, wb, xb (a new file) or ab (also readable).

    Raises:
        OSError: it cannot be opened, is a link or no regular file, or has a second hard link, which would change too.
    """
    try:
        return _opened(
            path, _FLAGS[mode] | getattr(os, "O_NOFOLLOW", 0), {"ab": "ab+"}.get(mode, mode), single=mode != "rb"
        )
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, and links are not followed here", str(path)) from None
        raise


def _opened(path: Path, flags: int, mode: str, *, single: bool = False) -> BinaryIO:
    """Open a regular file. `single`: refuse a file with a second hard link."""
    # non-blocking, because opening a pipe waits until another process writes to it
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or (single and found.st_nlink > 1):
        os.close(descriptor)
        why = (
            "it has a second hard link, which would change too"
            if stat.S_ISREG(found.st_mode)
            else "it is not a regular file"
        )
        raise OSError(errno.EINVAL, why, str(path))
    if mode == "wb":
        os.ftruncate(descriptor, 0)
    return cast(BinaryIO, open(descriptor, mode.replace("x", "w"), buffering=-1 if mode == "rb" else 0))


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write all data to an unbuffered file, which may accept less at once. Raises `OSError`."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def check_own(path: Path) -> None:
    """Raise `OSError` if a file that another library will open is a link or no regular file."""
    with contextlib.suppress(FileNotFoundError), open_own(path, "rb"):
        pass


def lines_of(file: BinaryIO, most: int = MAX_FILE_BYTES) -> Iterator[bytes]:
    """The lines of a file with their ends. Raises `OSError` for a line of more than `most` bytes."""
    while line := file.readline(most):
        if len(line) == most and not line.endswith(b"\n"):
            raise OSError(errno.EFBIG, f"a line is longer than {most / 1e6:g} MB")
        yield line


def json_line(data: Any) -> str:
    """One object as a line of JSON. Half of a surrogate pair, as in a model's reply or a file name, becomes a question
    mark, because most readers refuse it.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    if "\\ud" in text:
        whole = json.dumps(data, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
        text = json.dumps(json.loads(whole), separators=(",", ":"))
    return text + "\n"


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file; an empty list if the file is missing. A torn line is left out."""
    rows = []
    with contextlib.suppress(FileNotFoundError), open_file(path) as file:
        for line in lines_of(file):
            with contextlib.suppress(ValueError, RecursionError):
                rows.append(json.loads(line))
    return rows
