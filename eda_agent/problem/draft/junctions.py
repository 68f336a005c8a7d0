"""Junction settings of a MOSFET (areas, perimeters, squares, stress) belong to one layout in one process."""

from __future__ import annotations

import re

from eda_agent.problem.draft.bare import polarity_of
from eda_agent.problem.pdk.registry import Pdk

_SETTING = re.compile(
    r"""\s+(?:ad|as|pd|ps|nrd|nrs|sa|sb|sd)\s*=\s*(?:'[^']*'|"[^"]*"|\{[^}]*\}|[^\s'"{=]+)""", re.IGNORECASE
)
_MOSFET = re.compile(r"\s*m\S*(?:\s+[^\s=]+){4}\s+([^\s=]+)", re.IGNORECASE)
_DEFINED = re.compile(r"^\s*\.(?:model|subckt)\s+(\S+)", re.IGNORECASE | re.MULTILINE)


def without_foreign_junctions(text: str, pdk: Pdk, notes: list[str]) -> str:
    """The text without these settings where a device of the PDK takes the place of another foundry's."""
    if not pdk.devices:
        return text
    own = {name.lower() for name in _DEFINED.findall(text)}
    result, replaced = [], False
    for line in text.splitlines():
        if not line.lstrip().startswith("+"):
            found = _MOSFET.match(line)
            model = found[1].lower() if found else ""
            replaced = bool(model) and model not in own and pdk.device(model) is None and bool(polarity_of(model))
        result.append(_SETTING.sub("", line) if replaced else line)
    if result == text.splitlines():
        return text
    notes.append("areas and perimeters of the other process's junctions were left out")
    return "\n".join(result) + "\n"
