"""Fins are the parallel channels of a FinFET: `w=27n nfin=28`. A planar device in its place has their whole width."""

from __future__ import annotations

import re

from eda_agent.problem.draft.lengths import SIZE, number_of
from eda_agent.problem.pdk.registry import Pdk

_FINS = re.compile(r"\s+nfin\s*=\s*['{]?\s*(\d+)\s*['}]?(?![\w.])", re.IGNORECASE)
_MODEL = re.compile(r"^\s*\.model\b", re.IGNORECASE | re.MULTILINE)


def without_fins(text: str, pdk: Pdk, notes: list[str]) -> str:
    """The text with the widths of all fins together, if the PDK's devices take the place of FinFETs."""
    if not pdk.devices or _MODEL.search(text):
        return text
    result = []
    for line in text.splitlines():
        fins = _FINS.search(line) if line.lstrip()[:1].lower() == "m" else None
        widths = [found for found in SIZE.finditer(line) if found[1].lower() == "w" and number_of(found[2]) is not None]
        if fins is not None and len(widths) == 1:
            width = f"{(number_of(widths[0][2]) or 0.0) * int(fins[1]):.6g}"
            line = _FINS.sub("", line.replace(widths[0][0], f"{widths[0][1]}={width}", 1))
        result.append(line)
    if result == text.splitlines():
        return text
    notes.append("fins (nfin) became the width of a planar device: the number of fins times w")
    return "\n".join(result) + "\n"
