"""Files are written whole or not at all; what was appended line by line is read up to where it was torn."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; two processes may write the same one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """The same for a file that something else writes, by the path it is given; the suffix is kept."""
    part = path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")
    write(part)
    part.replace(path)


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
