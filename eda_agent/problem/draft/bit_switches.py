"""Bits of a converter switch the feet of a ladder between two levels, or lead a current of their own to an output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure

_MOST_GATES = 3
"""Gates in series between a bit and its switch."""


def driven_by(structure: Structure, bit: Iterable[str]) -> frozenset[str]:
    """A bit, with its inverse, and the nets that gates between the rails drive from it."""
    nets = {*bit}
    for _ in range(_MOST_GATES):
        nets |= {fet.drain for fet in structure.fets if fet.gate in nets and fet.source in structure.rails}
    return frozenset(nets)


def is_ladder(structure: Structure, driven: Sequence[Collection[str]], out: str) -> bool:
    """Whether an output is on a ladder whose feet the bits switch.

    A resistor leads from each bit's foot to a rung, and at most two bits meet at one net: legs that meet at a single
    net add their inputs, as in a summing amplifier.

    Args:
        driven: `driven_by` of each bit.
        out: the port.
    """
    links: dict[str, set[str]] = defaultdict(set)
    for one in structure.passives:
        if one.kind == "r":
            for net, other in (one.nets, one.nets[::-1]):
                links[net].add(other)
    feet = [_feet(structure, nets) & {*links} for nets in driven]
    every = {net for own in feet for net in own}
    if not all(feet) or len(every) < sum(map(len, feet)) or out not in links:
        return False
    ends = every | structure.rails | ({*structure.ports} - {out})
    ladder = _reached(links, out, ends)
    if not all(own & ladder for own in feet):
        return False
    tops = {_top(links, net, ends | {out}) for own in feet for net in own & ladder}
    return len(tops) >= max(2, len(driven) - 1)


def has_foot(structure: Structure, driven: Collection[str]) -> bool:
    """Whether a bit switches the foot of a resistor. `driven`: `driven_by` of the bit."""
    return bool(
        _feet(structure, driven)
        & {net for one in structure.passives if one.kind == "r" for net in one.nets} - {*structure.ports}
    )


def is_steered(structure: Structure, driven: Sequence[Collection[str]], port: str) -> bool:
    """Whether every bit leads a current of its own to a port: a device that the bit drives stands between the port and
    a mirror's copy. A differential pair shares one current.
    """
    switched = {net for nets in driven for net in nets}
    copies = {fet.drain for mirror in structure.mirrors for fet in mirror.copies}
    copies |= {fet.drain for fet in structure.fets if fet.gate in structure.ports and fet.gate not in switched}
    tails = []
    for nets in driven:
        doors = [fet for fet in structure.fets if fet.gate in nets and port in (fet.drain, fet.source)]
        tails.append({net for fet in doors for net in (fet.drain, fet.source)} & copies - {port})
    return all(tails) and len(set().union(*tails)) == sum(map(len, tails))


def _feet(structure: Structure, driven: Collection[str]) -> set[str]:
    """The bit, and the nets that its gates connect with one of two levels: rails or reference ports."""
    levels: dict[str, set[str]] = defaultdict(set)
    outside = structure.rails | {port for port in structure.ports if not named("out", port)}
    for fet in structure.fets:
        if fet.gate in driven:
            for net, other in ((fet.drain, fet.source), (fet.source, fet.drain)):
                if other in outside and fet.gate != net:
                    levels[net].add(other)
    switched = {net for net, found in levels.items() if len(found) > 1 and net not in outside}
    return switched | {net for net in driven if net in structure.ports}


def _reached(links: dict[str, set[str]], start: str, ends: Collection[str]) -> set[str]:
    """The nets that resistors reach from a net, up to `ends` and including them."""
    found, waiting = {start}, [start]
    while waiting:
        fresh = links[waiting.pop()] - found
        found |= fresh
        waiting += fresh - {*ends}
    return found


def _top(links: dict[str, set[str]], foot: str, ends: Collection[str]) -> str:
    """The net at which a leg meets others: resistors in series are one."""
    before, net = foot, min(links[foot])
    while len(links[net]) == 2 and net not in ends:
        (after,) = links[net] - {before}
        before, net = net, after
    return net
