"""The released level of a power-on reset is that of its output at the full supply: its port's name says it, or the way
from the nets that sense the supply to the output.
"""

from __future__ import annotations

import re
from collections import defaultdict

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Fet, Structure, polarity


def released_level(structure: Structure, out: str) -> str:
    """The level of a released output as text of a spec; "" if neither its name nor the circuit says it."""
    return level_named(out) or level_sensed(structure, out)


def level_named(port: str) -> str:
    """The level of a released reset as its port's name says it, as text of a spec; "" if it says none."""
    if not named("reset", port):
        return ""
    low = re.search(r"^n_?(?:por|reset|rst|bor)|(?:por|reset|rst|bor)_?(?:b|n|bar)(?:_\w+)?$", port, re.IGNORECASE)
    good = re.search(r"ok|good|pgood|pwrgd", port, re.IGNORECASE)
    return "vdd" if low or good else "0"


def level_sensed(structure: Structure, out: str) -> str:
    """The level at which the supply's sense nets hold an output when the supply is full, "" if they do not agree.

    A sense net is a gate that resistors and diodes alone join to a rail or both. Joined to one rail, it ends there.
    Joined to both, it turns its device on: with the supply, the voltage from the net to either rail grows.
    """
    links: dict[str, set[str]] = defaultdict(set)
    ends = [one.nets for one in structure.passives if one.kind == "r"]
    ends += [(fet.drain, fet.source) for fet in structure.fets if fet.diode]
    for one, other in ends:
        links[one].add(other)
        links[other].add(one)
    driven = {net for fet in structure.fets if not fet.diode for net in (fet.drain, fet.source)}
    high = _joined(links, structure.vdd, structure) - driven
    low = _joined(links, structure.vss, structure) - driven
    signs = set()
    for fet in structure.fets:
        if not fet.diode and fet.gate in high | low:
            step = _turned(fet, fet.gate in high, fet.gate in low)
            way = 0 if fet.drain in structure.rails else polarity(structure, fet.drain, out)
            signs.add(step * way)
    return {1: "vdd", -1: "0"}.get(signs.pop(), "") if len(signs) == 1 else ""


def _turned(fet: Fet, high: bool, low: bool) -> int:
    """+1 or −1: where a device's drain goes with the supply. `high`, `low`: the rails that its gate is joined to."""
    if high and low:
        return -1 if fet.type == "nmos" else 1
    return -1 if high else 1


def _joined(links: dict[str, set[str]], rail: str, structure: Structure) -> set[str]:
    """The nets that resistors and diodes join to a rail, without the rails."""
    found, waiting = {rail}, [rail]
    while waiting:
        fresh = links[waiting.pop()] - found - structure.rails
        found |= fresh
        waiting += fresh
    return found - structure.rails
