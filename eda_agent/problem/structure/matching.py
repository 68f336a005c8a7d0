"""Matching determines which devices must be equal: sides of pairs, devices symmetric to each other, units of
mirrors.
"""

from __future__ import annotations

from collections.abc import Iterable

from eda_agent.problem.structure.circuit import Mirror
from eda_agent.problem.structure.patterns import Patterns
from eda_agent.problem.structure.symmetry import exchanged


def matched_groups(found: Patterns) -> tuple[tuple[str, ...], ...]:
    """Groups of devices that must be equal: sides of pairs, devices symmetric to each other, and mirrors."""
    sets: list[set[str]] = []

    def join(names: Iterable[str]) -> None:
        names = set(names)
        touching = [group for group in sets if group & names]
        for group in touching:
            sets.remove(group)
            names |= group
        sets.append(names)

    for mirror in found.mirrors:
        join(fet.name for fet in mirror.members)
    for port in found.circuit.ports:
        # sources biased by one port are copies of each other
        for kind in ("nmos", "pmos"):
            alike = [fet.name for fet in found.by_gate.get(port, ()) if fet.type == kind and fet.source in found.rails]
            alike = [name for name in alike if name not in found.enabling]
            if len(alike) > 1 and port not in found.clocks and port not in found.rails:
                join(alike)
    for pair in (*found.pairs, *found.cross_pairs):
        join(fet.name for fet in pair)
        for twins in found.symmetric(pair):
            join(twins)
    for mirror in found.mirrors:
        for twins in _on_top(found, mirror):
            join(twins)
    # halves of a split pair share gate and source
    for pair in found.pairs:
        join(
            fet.name
            for fet in found.by_source[pair[0].source]
            if fet.type == pair[0].type and fet.gate in {pair[0].gate, pair[1].gate} and not fet.diode
        )
    order = {fet.name: number for number, fet in enumerate(found.fets)}
    groups = [tuple(sorted(group, key=order.__getitem__)) for group in sets if len(group) > 1]
    return tuple(sorted(groups, key=lambda group: order[group[0]]))


def _on_top(found: Patterns, mirror: Mirror) -> list[tuple[str, str]]:
    """The cascodes of a mirror of two, if nothing else connects them."""
    one, other = mirror.reference, mirror.copies[0]
    if len(mirror.copies) > 1 or one.diode or any(len(found.by_drain[fet.drain]) > 1 for fet in (one, other)):
        return []
    return exchanged(found.fets, found.rails, [(one.drain, other.drain)], {one.name, other.name})
