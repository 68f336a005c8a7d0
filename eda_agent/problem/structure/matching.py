"""Matching determines which devices must be equal: sides of pairs, devices symmetric to each other, units of
mirrors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
    for names in _in_parallel(found):
        join(names)
    against = list(_against_latches(found))
    for names in (*_on_one_gate(found, {name for twins in against for name in twins}), *_across_sources(found)):
        join(names)
    for pair in (*found.pairs, *found.cross_pairs):
        join(fet.name for fet in pair)
        for twins in found.symmetric(pair):
            join(twins)
    for sides in against:
        join(sides)
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


def _in_parallel(found: Patterns) -> Iterator[list[str]]:
    """Devices with the same nets: units of one."""
    same: dict[tuple[str, ...], list[str]] = {}
    for fet in found.fets:
        same.setdefault((fet.type, fet.drain, fet.gate, fet.source, fet.bulk), []).append(fet.name)
    yield from (names for names in same.values() if len(names) > 1)


def _on_top(found: Patterns, mirror: Mirror) -> list[tuple[str, str]]:
    """The cascodes of a mirror of two, if nothing else connects them."""
    one, other = mirror.reference, mirror.copies[0]
    if len(mirror.copies) > 1 or one.diode or any(len(found.by_drain[fet.drain]) > 1 for fet in (one, other)):
        return []
    return exchanged(found.fets, found.rails, [(one.drain, other.drain)], {one.name, other.name})


def _against_latches(found: Patterns) -> Iterator[list[str]]:
    """The two devices that pull against a cross-coupled pair on a rail, one on each side, as in a level shifter."""
    for pair in found.cross_pairs:
        drains = {fet.drain for fet in pair}
        sides = [
            [
                fet
                for fet in found.by_drain[one.drain]
                if fet.type != one.type and fet.source in found.rails and fet.gate not in {*drains, *found.rails}
            ]
            for one in pair
        ]
        if all(one.source in found.rails for one in pair) and all(len(side) == 1 for side in sides):
            yield [side[0].name for side in sides]


def _on_one_gate(found: Patterns, against: set[str]) -> Iterator[list[str]]:
    """Sources on a rail whose common gate a port or an amplifier inside drives: they are copies of each other."""
    apart = found.enabling | found.starting | {fet.name for pair in found.inverters for fet in pair}
    for net, fets in found.by_gate.items():
        if net in found.clocks or net in found.rails:
            continue
        left = against | found.enabling if net in found.circuit.ports else against | apart
        for kind in ("nmos", "pmos"):
            alike = [fet for fet in fets if fet.type == kind and fet.source in found.rails and fet.name not in left]
            if len(alike) > 1:
                yield [fet.name for fet in alike]


def _across_sources(found: Patterns) -> Iterator[list[str]]:
    """A diode and the devices on its gate whose sources stand on bipolars or resistors: they keep these nets equal.

    A source on a rail is another circuit: there the ratio of the two sets the current.
    """
    outside = {*found.rails, *found.circuit.ports}
    for diode in (fet for fet in found.fets if fet.diode):
        alike = [fet for fet in found.by_gate[diode.gate] if fet.type == diode.type and fet.name not in found.starting]
        feet = {fet.source for fet in alike}
        if len(feet) > 1 and not feet & outside and not any(found.by_drain[net] or found.by_gate[net] for net in feet):
            yield [fet.name for fet in alike]
