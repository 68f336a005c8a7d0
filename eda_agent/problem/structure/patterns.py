"""A pattern is a small group of MOSFETs identified by their connections: mirror, pair, inverter; see the package."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from functools import cached_property

from eda_agent.problem.structure.carried import clock_behind
from eda_agent.problem.structure.circuit import Enable, Fet, Mirror
from eda_agent.problem.structure.enabling import enables_in
from eda_agent.problem.structure.grounded_inputs import grounded_inputs
from eda_agent.problem.structure.latch_clocks import latch_clocks
from eda_agent.problem.structure.starting import starting_in
from eda_agent.problem.structure.symmetry import exchanged
from eda_agent.problem.structure.wiring import Wiring

_MAX_PARTS = 3
"""Maximum number of parts of a split pair for which every pairing is tried."""


class Patterns(Wiring):
    """The patterns of a circuit, computed on first use."""

    @cached_property
    def enables(self) -> tuple[Enable, ...]:
        return enables_in(self)

    @cached_property
    def enabling(self) -> frozenset[str]:
        """Names of the devices that an enable drives: switches and inverters."""
        return frozenset(name for enable in self.enables for name in enable.members)

    @cached_property
    def starting(self) -> frozenset[str]:
        """Names of the devices of a start-up circuit."""
        return starting_in(self, self.mirrors, self.signal)

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        """Ports that drive gates of both types but no pair or inverter of the two, inverters beside a latch aside, and
        those that switch a latch between inputs, directly or behind inverters, whose nets are clocks too. An enable is
        not a clock.
        """
        found, enables = [], {enable.port for enable in self.enables}
        behind = clock_behind(self, bool(self.grounded)) if self.cross_pairs else {}
        held = {fet.drain for pair in self.cross_pairs for fet in pair} if self.grounded else set[str]()
        for net in (*self.circuit.ports, *behind):
            gates = self._beside_inverter(net, held) if self.cross_pairs else self.by_gate[net]
            if net in self.rails or net in enables or {fet.type for fet in gates} != {"nmos", "pmos"}:
                continue
            if self._switches_bias(net):
                continue
            if {fet.type for fet in self.by_drain[net]} == {"nmos", "pmos"} and net not in behind:
                # a stage drives it: the output of a latch of gates
                continue
            drains = [{fet.drain for fet in gates if fet.type == kind} for kind in ("nmos", "pmos")]
            if not (drains[0] & drains[1]) - held and not self._beside(gates, net):
                found += [one for one in dict.fromkeys((behind.get(net, net), net)) if one not in found]
        latched = latch_clocks(self, self.cross_pairs, behind)
        return (*found, *(net for net in latched if net not in {*found, *enables}))

    def _switches_bias(self, net: str) -> bool:
        """Whether a port or its complement switches the diode of a tail's mirror: an enable does, a clock does not."""
        gates = self.by_gate[net]
        made = {one.drain for one in gates for other in gates if one.type != other.type and one.drain == other.drain}
        feet = {fet.source for fet in self.fets if fet.source not in self.rails and not fet.diode}
        tails = {fet.gate for fet in self.fets if fet.drain in feet and fet.source in self.rails}
        diodes = {fet.gate for fet in self.fets if fet.diode and fet.source in self.rails} & tails
        return any(
            {fet.drain, fet.source} & diodes for fet in (*gates, *(fet for one in made for fet in self.by_gate[one]))
        )

    def _beside_inverter(self, net: str, held: Collection[str]) -> list[Fet]:
        """The devices with this gate without an inverter that makes the complement of a latch's clock. `held`: nets of
        the latch, which no inverter makes.
        """
        gates = self.by_gate[net]
        made = {one.drain for one in gates for other in gates if one.type != other.type and one.drain == other.drain}
        made -= {*held}
        return [fet for fet in gates if fet.drain not in made] if len(gates) > 2 else gates

    def _beside(self, gates: Sequence[Fet], net: str) -> bool:
        """Whether another port has a device on the tail of each of these: both are inputs of complementary pairs."""
        others = [
            {one.gate for one in self.fets if one.source == fet.source and one.type == fet.type} - {net}
            for fet in gates
            if fet.source not in self.rails
        ]
        return len(others) == len(gates) and bool(set.intersection(*others) & set(self.circuit.ports))

    @cached_property
    def mirrors(self) -> tuple[Mirror, ...]:
        groups: dict[tuple[str, str, str], list[Fet]] = defaultdict(list)
        inverting = {fet.name for pair in self.inverters for fet in pair}
        for fet in self.fets:
            if fet.gate not in self.rails and fet.gate not in self.clocks and fet.name not in inverting:
                groups[fet.type, fet.gate, fet.source].append(fet)
        result = []
        for (_, gate, _), members in groups.items():
            reference = next((fet for fet in members if gate in self.tops(fet)), None)
            if reference is not None and len(members) > 1:
                result.append(Mirror(reference, tuple(fet for fet in members if fet is not reference)))
        # a reference without a copy on its own source still sets a bias: mirrors across sources (degenerated) are left
        # alone
        return tuple(result)

    @cached_property
    def mirrored(self) -> dict[str, Mirror]:
        return {fet.name: mirror for mirror in self.mirrors for fet in mirror.members}

    @cached_property
    def cross_pairs(self) -> tuple[tuple[Fet, Fet], ...]:
        found = []
        for number, one in enumerate(self.fets):
            for other in self.fets[number + 1 :]:
                crossed = one.gate == other.drain and other.gate == one.drain and not one.diode
                # a stage on a rail and an input on a tail are a loop, and no latch
                level = (one.source in self.rails) == (other.source in self.rails)
                if one.type == other.type and crossed and level:
                    found.append((one, other))
        return tuple(found)

    @cached_property
    def grounded(self) -> tuple[tuple[Fet, Fet], ...]:
        return grounded_inputs(self, self.cross_pairs)

    @cached_property
    def pairs(self) -> tuple[tuple[Fet, Fet], ...]:
        crossed = {fet.name for pair in self.cross_pairs for fet in pair}
        found: list[tuple[Fet, Fet]] = []
        feet: dict[str, list[Fet]] = defaultdict(list)
        for fet in self.fets:
            feet[self.foot(fet)].append(fet)
        for net, fets in feet.items():
            if net in self.rails:
                continue
            free = [
                fet
                for fet in fets
                # an input that is the output too is a follower's
                if (not fet.diode or fet.gate in self.circuit.ports)
                and fet.name not in self.mirrored
                and fet.name not in crossed
                and fet.gate not in self.clocks
            ]
            for kind in ("nmos", "pmos"):
                side: dict[str, list[Fet]] = defaultdict(list)
                for fet in free:
                    if fet.type == kind:
                        side[fet.gate].append(fet)
                inputs = [gate for gate in side if gate in self.circuit.ports]
                further = len(side) > 2 and net not in self.circuit.ports
                if further and len(inputs) == 2 and not set(inputs) & set(self.clocks):
                    # further devices on the tail take its current over, as where a rail-to-rail input changes sides;
                    # a port with so many is a second ground
                    side = {gate: side[gate] for gate in inputs}
                if len(side) == 2:
                    left, right = side.values()
                    facing = self._facing(left, right)
                    found.extend(
                        pair for pair in facing if pair[0].drain != pair[1].drain and not self._feeds_back(pair)
                    )
        return tuple(found) or (self.grounded if self.clocks else ())

    def _feeds_back(self, pair: tuple[Fet, Fet]) -> bool:
        """Whether one device follows the other's drain from a rail, as in a Schmitt trigger: it moves a threshold."""
        return any(
            follower.gate == other.drain and follower.drain in self.rails for follower, other in (pair, pair[::-1])
        )

    def _facing(self, left: Sequence[Fet], right: Sequence[Fet]) -> list[tuple[Fet, Fet]]:
        """The pairing of the parts of a split pair that makes most of the circuit symmetric."""
        if len(left) > _MAX_PARTS or len(left) != len(right):
            return list(zip(left, right, strict=False))
        ways = [list(zip(left, order, strict=True)) for order in itertools.permutations(right)]
        return max(ways, key=lambda way: sum(len(self.symmetric(pair)) for pair in way)) if len(ways) > 1 else ways[0]

    @cached_property
    def tails(self) -> frozenset[str]:
        """Common sources of pairs."""
        return frozenset(self.foot(pair[0]) for pair in self.pairs) - self.rails

    @cached_property
    def signal(self) -> frozenset[str]:
        """Nets that the inputs reach: from gate to drain (and source), from source to drain, and through passives."""
        pair = [(fet.gate, fet) for one in self.pairs for fet in one]
        start = {net for net, _ in pair}
        if not start:
            start = {
                port
                for port in self.circuit.ports
                if port not in self.rails
                and port not in self.clocks
                and any(not fet.diode for fet in self.by_gate[port])
            }
        reached, waiting = set(start), deque(start)
        links: dict[str, set[str]] = defaultdict(set)
        for fet in self.fets:
            links[fet.gate].add(fet.drain)
            if fet.source not in self.tails:
                links[fet.source].add(fet.drain)
        for passive in self.circuit.passives:
            one, other = passive.nets
            links[one].add(other)
            links[other].add(one)
        while waiting:
            for net in links[waiting.popleft()]:
                if net not in reached and net not in self.rails and net not in self.tails:
                    reached.add(net)
                    waiting.append(net)
        return frozenset(reached)

    @cached_property
    def inverters(self) -> tuple[tuple[Fet, Fet], ...]:
        found = []
        for n in self.fets:
            if n.type != "nmos" or n.diode:
                continue
            for p in self.by_gate[n.gate]:
                # a device that an enable drives may share its drain with another without being its inverter
                apart = {n.name, p.name} & self.enabling and {n.source, p.source} != {
                    self.circuit.vdd,
                    self.circuit.vss,
                }
                if p.type == "pmos" and p.drain == n.drain and n.gate not in self.clocks and not apart:
                    found.append((n, p))
        return tuple(found)

    def symmetric(self, pair: tuple[Fet, Fet]) -> list[tuple[str, str]]:
        """Devices that are exchanged with the two sides of a pair."""
        seeds = [(pair[0].gate, pair[1].gate), (pair[0].drain, pair[1].drain)]
        return exchanged(self.fets, self.rails, seeds, {pair[0].name, pair[1].name})
