"""A circuit's structure as data: its MOSFETs and passives by their nets, and the recognised functions."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fet:
    """A MOSFET: `type` is nmos or pmos, the rest are nets."""

    name: str
    type: str
    drain: str
    gate: str
    source: str
    bulk: str

    @property
    def diode(self) -> bool:
        return self.gate == self.drain


@dataclass(frozen=True)
class Passive:
    """A resistor, capacitor or inductor between two nets."""

    name: str
    kind: str
    nets: tuple[str, str]


@dataclass(frozen=True)
class Mirror:
    """`reference` sets the gate; `copies` follow it. `members` are all of them."""

    reference: Fet
    copies: tuple[Fet, ...]

    @property
    def members(self) -> tuple[Fet, ...]:
        return (self.reference, *self.copies)


@dataclass(frozen=True)
class Enable:
    """A port that switches the circuit on and off: at `level` (low or high) the circuit is on.

    `switches`: the devices that remove the bias at the other level. `members`: these, its series switches and its
    inverters.
    """

    port: str
    level: str
    switches: tuple[str, ...]
    members: tuple[str, ...]


@dataclass(frozen=True)
class Structure:
    """A circuit and its recognised functions.

    `roles`: device name → function, such as "input pair". `matched`: groups of devices that must be equal (mirrors: per
    unit). `unknown`: devices that fit no rule.
    """

    ports: tuple[str, ...]
    fets: tuple[Fet, ...]
    passives: tuple[Passive, ...]
    vdd: str
    vss: str
    roles: Mapping[str, str] = field(default_factory=dict)
    matched: tuple[tuple[str, ...], ...] = ()
    pairs: tuple[tuple[Fet, Fet], ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    clocks: tuple[str, ...] = ()
    enables: tuple[Enable, ...] = ()

    @property
    def rails(self) -> frozenset[str]:
        return frozenset([self.vdd, self.vss, "0"])

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for name, role in self.roles.items() if role == "device")

    @property
    def input_pair(self) -> tuple[Fet, Fet] | None:
        """The pair whose gates are ports, first one at whose gates no drain stands: a common-mode feedback may compare
        each output with a port.
        """
        found = [pair for pair in self.pairs if {pair[0].gate, pair[1].gate} <= set(self.ports)]
        drains = {fet.drain for fet in self.fets}
        return next((pair for pair in found if not {pair[0].gate, pair[1].gate} & drains), next(iter(found), None))


def polarity(structure: Structure, source: str, target: str) -> int:
    """+1 or −1: the sign of the voltage gain from net `source` to net `target` on the shortest path, 0 without a path.

    A common-source stage inverts, a common-gate stage and a follower do not.
    """
    links: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for fet in structure.fets:
        links[fet.gate] += [(fet.drain, -1), (fet.source, 1)]
        links[fet.source].append((fet.drain, 1))
    for passive in structure.passives:
        if passive.kind == "r":
            one, other = passive.nets
            links[one].append((other, 1))
            links[other].append((one, 1))
    signs, waiting = {source: 1}, deque([source])
    while waiting:
        net = waiting.popleft()
        for other, sign in links[net]:
            if other not in signs and other not in structure.rails:
                signs[other] = signs[net] * sign
                waiting.append(other)
    return signs.get(target, 0)
