"""A raised name is a parameter that only sets widths or lengths of another foundry's devices, and has a value below the
smallest of the device that takes their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from eda_agent.problem.draft.lengths import number_of
from eda_agent.units import format_quantity

_SIZE = re.compile(r"(?<![\w.])(w|l)\s*=\s*['{\"]?\s*([a-z_]\w*)\s*['}\"]?(?=\s|$)", re.IGNORECASE)
_SETTING = re.compile(r"(?<![\w.])([a-z_]\w*)(\s*=\s*)([\d.][\w.+-]*)", re.IGNORECASE)
_SETS = (".subckt", ".param", ".params", "x", "+")
"""Beginnings of lines that give a parameter its value."""


def named_sizes(sizes: str, least: Mapping[str, float]) -> dict[str, float]:
    """Name → smallest value in m of each name that is a W or L by itself. `least`: side → smallest size in m."""
    return {found[2].lower(): least[found[1].lower()] for found in _SIZE.finditer(sizes)}


def with_raised_names(lines: Sequence[str], least: Mapping[str, float], notes: list[str]) -> list[str]:
    """The lines with every value below the smallest replaced by it, and a note per name.

    Args:
        lines: of the netlist, sizes in metres.
        least: name → smallest value in m.
        notes: gets what was changed.
    """

    def raised(found: re.Match[str]) -> str:
        name, number = found[1].lower(), number_of(found[3])
        if name not in least or number is None or not 0 < number < least[name] * (1 - 1e-9):
            return found[0]
        now, then = (format_quantity(value, "m") for value in (number, least[name]))
        said = f"{found[1].upper()} is {now}, below the smallest of the device that takes its place: now {then}"
        if said not in notes:
            notes.append(said)
        return f"{found[1]}{found[2]}{least[name] * 1e6:.6g}u"

    if not least:
        return list(lines)
    return [_SETTING.sub(raised, line) if line.lstrip().lower().startswith(_SETS) else line for line in lines]
