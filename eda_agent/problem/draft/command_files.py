"""A command file holds the stimuli and the script of a schematic that includes it, as xschem's users write them."""

from __future__ import annotations

import re
from pathlib import Path

from eda_agent.errors import Finding
from eda_agent.problem.source import read_text

_INCLUDE = re.compile(r"""^\s*\.inc(?:lude)?\s+["']?(?P<file>[\w.-]+)["']?\s*$""", re.IGNORECASE)
"""A file beside the netlist."""
_SCRIPT = re.compile(r"^\s*\.control\b", re.IGNORECASE | re.MULTILINE)


def with_command_files(text: str, folder: Path, notes: list[str]) -> str:
    """The text with included files that have a script in their place, so that both are read as one deck."""
    result: list[str] = []
    for line in text.splitlines():
        found = _INCLUDE.match(line)
        file = folder / found["file"] if found else None
        inside = read_text(file, list[Finding]()) if file is not None and file.is_file() else ""
        if found is None or not _SCRIPT.search(inside):
            result.append(line)
            continue
        notes.append(f"{found['file']} was written in: it holds the stimuli and the script")
        result += inside.splitlines()
    return "\n".join(result) + "\n" if len(result) != len(text.splitlines()) else text
