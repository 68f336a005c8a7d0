"""Matching finds the schematic's nets and transistors in an extracted netlist, from connections and the names of ports,
as LVS does, with fingers joined and wire resistors shorted.

Nets and transistors get colours, first from known names, then repeatedly from their neighbours' (colour
refinement), until each net has a unique colour. If a symmetry remains, one pair of nets is matched and the rest
follows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eda_agent.errors import Finding, InputError


@dataclass(frozen=True)
class Channel:
    """A transistor by its connections: kind (nmos, pmos), gate, and the two ends of the channel; `names`: the parallel
    devices.
    """

    kind: str
    gate: str
    ends: frozenset[str]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """`nets`: of the layout → of the schematic. `devices`: of the layout → of the schematic."""

    nets: Mapping[str, str]
    devices: Mapping[str, str]


class Groups:
    """Nets that count as one."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, net: str) -> str:
        while net in self._above:
            net = self._above[net]
        return net

    def join(self, one: str, other: str) -> None:
        first, second = self.of(one), self.of(other)
        if first != second:
            # a user's name is kept
            keep, drop = sorted((first, second), key=lambda net: (net.startswith("xdut."), len(net), net))
            self._above[drop] = keep


def channels(rows: Iterable[tuple[str, str, Sequence[str]]]) -> list[Channel]:
    """Transistors in parallel joined. `rows`: (name, kind, (drain, gate, source))."""
    found: dict[tuple[str, str, frozenset[str]], list[str]] = defaultdict(list)
    for name, kind, (drain, gate, source) in rows:
        found[kind, gate, frozenset((drain, source))].append(name)
    return [Channel(*key, tuple(names)) for key, names in found.items()]


def matched(layout: Sequence[Channel], schematic: Sequence[Channel], known: Mapping[str, str]) -> Match:
    """The matched nets and devices. `known`: nets of the layout → of the schematic, from names. Raises `InputError`
    with the differences if the circuits differ.
    """
    nets = dict(known)
    while True:
        ours, theirs = _colours(layout, nets), _colours(schematic, {net: net for net in nets.values()})
        by_colour: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for place, colours in enumerate((ours, theirs)):
            for net, colour in colours.items():
                by_colour[colour][place].append(net)
        if any(len(one) != len(other) for one, other in by_colour.values()):
            raise InputError(_differences(layout, schematic, nets))
        nets = {one[0]: other[0] for one, other in by_colour.values() if len(one) == 1}
        symmetric = [pair for pair in by_colour.values() if len(pair[0]) > 1]
        if not symmetric:
            break
        # both are right, because the circuit is symmetric
        one, other = min(symmetric, key=lambda pair: (len(pair[0]), sorted(pair[1])))
        nets[sorted(one)[0]] = sorted(other)[0]
    devices = {(channel.kind, channel.gate, channel.ends): channel.names for channel in schematic}
    found: dict[str, str] = {}
    for channel in layout:
        meant = devices.get((channel.kind, nets[channel.gate], frozenset(nets[end] for end in channel.ends)))
        if meant is None:
            # nets with known names are not compared by their surroundings
            raise InputError(_differences(layout, schematic, nets))
        # fingers of parallel devices are assigned in turn
        found |= {name: meant[number % len(meant)] for number, name in enumerate(channel.names)}
    return Match(nets, found)


def _colours(circuit: Sequence[Channel], known: Mapping[str, str]) -> dict[str, int]:
    """Net → a number that is equal for nets with equal surroundings. A known net has the colour of its counterpart."""
    nets = {net for channel in circuit for net in (channel.gate, *channel.ends)} | set(known)
    colour: dict[str, object] = {net: ("known", known[net]) if net in known else "" for net in nets}
    numbers = {net: hash(one) for net, one in colour.items()}
    for _ in range(len(nets)):
        around: dict[str, list[tuple[str, str, int, tuple[int, ...]]]] = defaultdict(list)
        for channel in circuit:
            ends = tuple(sorted(numbers[end] for end in channel.ends))
            around[channel.gate].append((channel.kind, "gate", 0, ends))
            for end in channel.ends:
                around[end].append((channel.kind, "end", numbers[channel.gate], ends))
        new = {net: numbers[net] if net in known else hash((numbers[net], tuple(sorted(around[net])))) for net in nets}
        if len(set(new.values())) == len(set(numbers.values())) and _ > 0:
            return new
        numbers = new
    return numbers


def _differences(layout: Sequence[Channel], schematic: Sequence[Channel], known: Mapping[str, str]) -> list[Finding]:
    """Why two circuits differ, as text."""
    counts = [Counter(channel.kind for channel in circuit) for circuit in (layout, schematic)]
    lines = [
        f"{counts[0][kind]} {kind} in the layout and {counts[1][kind]} in the schematic, in parallel ones joined"
        for kind in ("nmos", "pmos")
        if counts[0][kind] != counts[1][kind]
    ]
    there = {(channel.kind, channel.gate, channel.ends) for channel in schematic}
    for channel in layout:
        nets = [channel.gate, *channel.ends]
        if (
            all(net in known for net in nets)
            and (channel.kind, known[channel.gate], frozenset(known[end] for end in channel.ends)) not in there
        ):
            lines.append(
                f"{channel.names[0]}: no {channel.kind} of the schematic has its gate on {known[channel.gate]} and lies"
                f" between {' and '.join(sorted(known[end] for end in channel.ends))}"
            )
    text = "; ".join(lines[:6]) or "their connections differ"
    return [
        Finding(
            f"the extracted netlist is not the circuit of the spec: {text}",
            fix="run LVS of the layout against the schematic first",
        )
    ]
