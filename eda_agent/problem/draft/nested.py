"""A nested subcircuit is defined inside another, as HSPICE allows; its name is known there alone.

It is moved in front of the outer one, because no other simulator reads it inside.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"^(\s*\.subckt\s+)(\S+)", re.IGNORECASE)
_ENDS = re.compile(r"^\s*\.ends\b", re.IGNORECASE)


def without_nesting(text: str, notes: list[str]) -> str:
    """The text with every inner subcircuit in front of its outer one; unchanged if there is none."""
    lines = text.splitlines()
    if max(_depths(lines), default=0) < 2:
        return text
    result: list[str] = []
    open_cells: list[list[str]] = []
    names: list[str] = []
    moved: list[str] = []
    for line in lines:
        if header := _HEADER.match(line):
            names += [header[2]] if open_cells else []
            open_cells.append([line])
        elif _ENDS.match(line) and open_cells:
            moved += [*open_cells.pop(), ".ends"]
            if not open_cells:
                result += moved
                moved = []
        else:
            (open_cells[-1] if open_cells else result).append(line)
    # what is never closed is refused later, with its line
    result += [line for cell in open_cells for line in cell]
    notes.append(f"{', '.join(names)} was defined inside another subcircuit: now in front of it")
    return "\n".join(result) + "\n"


def _depths(lines: list[str]) -> list[int]:
    depth, result = 0, []
    for line in lines:
        depth += 1 if _HEADER.match(line) else -1 if _ENDS.match(line) else 0
        result.append(depth)
    return result
