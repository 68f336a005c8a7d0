"""A tap is the contact of a well or of the substrate, which IHP's schematics for LVS draw as a resistor (`R1 vdd nw
ntap1 A=… P=…`). No model has it: it becomes a wire.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TAP = re.compile(r"^\s*(r\S*)\s+(\S+)\s+(\S+)\s+(?:\S+\s+)?[np]tap1\b", re.IGNORECASE)


def without_taps(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines with a source of 0 V, one for each two nets of a cell, in the place of taps."""
    result: list[str] = []
    joined: set[frozenset[str]] = set()
    for line in lines:
        if re.match(r"\s*\.subckt\b", line, re.IGNORECASE):
            joined = set()
        found = _TAP.match(line)
        if found is None:
            result.append(line)
            continue
        notes.append("taps of wells and substrate (ntap1, ptap1) became wires")
        nets = frozenset(net.lower() for net in found.groups()[1:])
        if len(nets) == 2 and nets not in joined:
            result.append(f"V{found[1]} {found[2]} {found[3]} 0")
        joined.add(nets)
    return result
