"""A floating rail is a net that is named as a supply and that MOSFETs use as one, in a cell without a port for it.

Schematic programs write global labels so when their `.global` line is lost, and CDL names with `!`.
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.port_names import named

_MOS = {"m": slice(3, 5), "x": slice(3, 5)}
"""Element letter → the nodes of source and bulk among the words of its line."""


def floating_rails(lines: Sequence[str]) -> list[str]:
    """The nets, in lower case, that are named as a rail, hold sources or bulks in a cell, and are no port there."""
    found: dict[str, None] = {}
    ports: set[str] = set()
    inside = False
    for line in lines:
        words = [word.lower() for word in line.split() if "=" not in word]
        if words[:1] == [".subckt"]:
            inside, ports = True, set(words[2:])
        elif words[:1] == [".ends"]:
            inside = False
        elif inside and words and (nodes := _MOS.get(words[0][0])) and len(words) == 6:
            roles = {net for net in words[nodes] if _role(net) and net not in ports}
            taken = {_role(port) for port in ports if _role(port)}
            found |= dict.fromkeys(net for net in sorted(roles) if _role(net) not in taken)
    return list(found)


def _role(net: str) -> str:
    plain = net.rstrip("!")
    return next((role for role in ("vdd", "vss") if named(role, plain)), "")
