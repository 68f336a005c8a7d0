"""What keeps a drafted spec from being worth sizing stands at its top, one comment each, until the user deletes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eda_agent.errors import Finding
from eda_agent.files import read_file

MARK = "# to correct, then delete this line: "
_FIX = "correct it, and delete this line of the spec"


def marked(text: str, reasons: Iterable[str]) -> str:
    """A spec with the reasons at its top; a comment that says one of them already is replaced."""
    for reason in reasons:
        text = f"{MARK}{reason}\n{text.replace(f'# {reason}{chr(10)}', '', 1)}"
    return text


def left_to_correct(spec: Path) -> list[str]:
    """The reasons that a spec still has, with file and line. Raises `OSError`."""
    lines = read_file(spec).decode(errors="replace").splitlines()
    return [
        str(Finding(line.removeprefix(MARK), spec, number, fix=_FIX))
        for number, line in enumerate(lines, 1)
        if line.startswith(MARK)
    ]
