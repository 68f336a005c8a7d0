"""A reserved name is the name of a function: ngspice does not read a parameter called `ln` or `max`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.expression import FUNCTIONS
from eda_agent.problem.line_edit import assignments

_PARAM = re.compile(r"^\s*\.params?\b", re.IGNORECASE)
_EXPRESSION = re.compile(r"\{[^{}]*\}|'[^']*'")


def without_reserved_names(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines with an underscore behind every parameter that is called as a function."""
    found = sorted({name for line in lines if _PARAM.match(line) for name in assignments(line)} & FUNCTIONS.keys())
    if not found:
        return list(lines)
    notes.append(", ".join(f"parameter {name} is now {name}_" for name in found) + ": the name is that of a function")
    # a call of the function itself has a bracket behind it
    name = re.compile(rf"(?<![\w.])({'|'.join(found)})(?!\w|\s*\()", re.IGNORECASE)
    return [
        name.sub(r"\1_", line) if _PARAM.match(line) else _EXPRESSION.sub(lambda part: name.sub(r"\1_", part[0]), line)
        for line in lines
    ]
