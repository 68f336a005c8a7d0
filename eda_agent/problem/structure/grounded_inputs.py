"""Grounded inputs are the pair of a clocked comparator whose sources stand on a rail: no tail, and below the latch.

Each leads through channels of its type to one side of a cross-coupled pair, which devices of the other type reset. A
device right on a side, as in a level shifter, is none.
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.structure.circuit import Fet
from eda_agent.problem.structure.wiring import Wiring

_STEPS = 3
"""Devices between an input and the latch."""


def grounded_inputs(wiring: Wiring, cross_pairs: Sequence[tuple[Fet, Fet]]) -> tuple[tuple[Fet, Fet], ...]:
    """The pairs of inputs on a rail below a latch that is reset."""
    able = [
        fet
        for fet in wiring.fets
        if fet.source in wiring.rails and fet.gate in wiring.circuit.ports and fet.gate not in wiring.rails
    ]
    found = []
    for nets in {frozenset(fet.drain for fet in pair) for pair in cross_pairs}:
        sides = {fet.name: net for fet in able if (net := latch_above(wiring, fet.drain, nets, fet.type))}
        for number, one in enumerate(able):
            for other in able[number + 1 :]:
                alike = (one.type, one.source) == (other.type, other.source) and one.gate != other.gate
                apart = {sides.get(one.name), sides.get(other.name)} == nets
                if alike and apart and all(_is_reset(wiring, net, nets, one.type) for net in nets):
                    found.append((one, other))
    return tuple(found) if len(found) == 1 else ()


def latch_above(wiring: Wiring, start: str, nets: frozenset[str], kind: str) -> str:
    """The net of a latch to which channels of one type lead from a net; "" if none does."""
    net = start
    for _ in range(_STEPS):
        above = {fet.drain for fet in wiring.by_source[net] if fet.type == kind}
        if len(above) != 1 or net in nets or net in wiring.rails:
            return ""
        (net,) = above
        if net in nets:
            return net
    return ""


def _is_reset(wiring: Wiring, net: str, nets: frozenset[str], kind: str) -> bool:
    return any(
        fet.type != kind and fet.source in wiring.rails and fet.gate not in nets | wiring.rails
        for fet in wiring.by_drain[net]
    )
