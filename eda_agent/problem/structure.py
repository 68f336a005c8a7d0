"""A structure is what a circuit's devices do, recognised from how they are connected; names of devices, nets and ports play no part.

Rules, for MOSFETs of one type each (the conventions of Graeb, Zizala, Eckmueller and Antreich, ICCAD 2001, where they have one):

    mirror          common gate and common source; the gate net is the drain of one of them, directly or through cascodes on top
    pair            common source that is no rail, different gates that no mirror drives, different drains
    cross pair      each one's gate is the other's drain
    cascode         stands with its source on the drain of another device, or of a pair (folded), its gate held by the bias
    inverter        an n and a p with common gate and common drain
    switch          its gate is a clock: a port that drives gates of both types

What fits no rule is an amplifying device when its gate hangs on a signal, else "device". Symmetry is found by exchanging the two
sides of a pair and following what must be exchanged with them.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.catalogue import Pdk
from eda_agent.problem.pdk.stand_in import stand_ins

TWO_TERMINAL = frozenset("rcl")
_MAX_PARTS = 3


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
class Structure:
    """A circuit and what was recognised in it.

    `roles`: device name → what it does, such as "input pair". `matched`: groups of devices that must be equal (mirrors: per unit).
    `unknown`: devices that fit no rule.
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

    @property
    def rails(self) -> frozenset[str]:
        return frozenset([self.vdd, self.vss, "0"])

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for name, role in self.roles.items() if role == "device")

    @property
    def input_pair(self) -> tuple[Fet, Fet] | None:
        """The pair whose gates are ports."""
        return next((pair for pair in self.pairs if {pair[0].gate, pair[1].gate} <= set(self.ports)), None)


def recognise(netlist: Netlist, subckt: str, pdk: Pdk) -> Structure:
    """The structure of a subcircuit. Raises `InputError` where it does not elaborate."""
    flat = Elaboration(netlist, subckt, stand_ins(pdk)).devices({})
    types = {line.text.split()[1].lower(): line.text.split()[2].lower() for line in netlist.lines if line.card == ".model"}
    return analyse(flat, netlist.subcircuits[subckt].ports, {**{name: rule.type for name, rule in pdk.devices.items()}, **types})


def analyse(devices: Iterable[FlatDevice], ports: Sequence[str], types: Mapping[str, str]) -> Structure:
    """The same from flat devices; `types`: model → nmos or pmos."""
    fets, passives = [], []
    for device in devices:
        kind = types.get(device.model, "")[:4]
        if device.kind == "m" and kind in {"nmos", "pmos"}:
            drain, gate, source, bulk = device.nodes[:4]
            fets.append(Fet(device.label, kind, drain, gate, source, bulk))
        elif device.kind in TWO_TERMINAL and len(device.nodes) >= 2:
            passives.append(Passive(device.label, device.kind, (device.nodes[0], device.nodes[1])))
    vdd, vss = _rail(fets, "pmos"), _rail(fets, "nmos")
    bare = Structure(tuple(ports), tuple(fets), tuple(passives), vdd, vss)
    return _Recogniser(bare).result()


def _rail(fets: Sequence[Fet], kind: str) -> str:
    """The rail of a type: where most of its bulks are, else most of its sources."""
    bulks = Counter(fet.bulk for fet in fets if fet.type == kind and fet.bulk != fet.source)
    sources = Counter(fet.source for fet in fets if fet.type == kind)
    both = bulks + sources
    return max(both, key=lambda net: (both[net], net)) if both else ""


class _Recogniser:
    def __init__(self, circuit: Structure):
        self.circuit = circuit
        self.fets = circuit.fets
        self.rails = circuit.rails
        self.by_drain: dict[str, list[Fet]] = defaultdict(list)
        self.by_source: dict[str, list[Fet]] = defaultdict(list)
        self.by_gate: dict[str, list[Fet]] = defaultdict(list)
        for fet in self.fets:
            self.by_drain[fet.drain].append(fet)
            self.by_source[fet.source].append(fet)
            self.by_gate[fet.gate].append(fet)

    def result(self) -> Structure:
        roles = self.roles()
        return replace(
            self.circuit,
            roles=roles,
            matched=self.matched,
            pairs=self.pairs,
            mirrors=self.mirrors,
            clocks=self.clocks,
        )

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        """Ports that drive gates of both types, and no pair or inverter of the two."""
        found = []
        for net in self.circuit.ports:
            gates = self.by_gate[net]
            if net in self.rails or {fet.type for fet in gates} != {"nmos", "pmos"}:
                continue
            drains = [{fet.drain for fet in gates if fet.type == kind} for kind in ("nmos", "pmos")]
            if not drains[0] & drains[1]:
                found.append(net)
        return tuple(found)

    @cached_property
    def mirrors(self) -> tuple[Mirror, ...]:
        groups: dict[tuple[str, str, str], list[Fet]] = defaultdict(list)
        inverting = {fet.name for pair in self.inverters for fet in pair}
        for fet in self.fets:
            if fet.gate not in self.rails and fet.gate not in self.clocks and fet.name not in inverting:
                groups[fet.type, fet.gate, fet.source].append(fet)
        result = []
        for (_, gate, _), members in groups.items():
            reference = next((fet for fet in members if gate in self._tops(fet)), None)
            if reference is not None and len(members) > 1:
                result.append(Mirror(reference, tuple(fet for fet in members if fet is not reference)))
        # a reference with nothing to copy it on its own source still sets a bias: mirrors across sources (degenerated) are left alone
        return tuple(result)

    def _tops(self, fet: Fet) -> set[str]:
        """The drain of a device, and of the cascodes on top of it."""
        nets, top = {fet.drain}, fet
        for _ in range(3):
            above = [other for other in self.by_source[top.drain] if other.type == fet.type and other.gate != fet.gate]
            if len(above) != 1 or top.drain in self.rails:
                break
            top = above[0]
            nets.add(top.drain)
        return nets

    @cached_property
    def mirrored(self) -> dict[str, Mirror]:
        return {fet.name: mirror for mirror in self.mirrors for fet in mirror.members}

    @cached_property
    def cross_pairs(self) -> tuple[tuple[Fet, Fet], ...]:
        found = []
        for number, one in enumerate(self.fets):
            for other in self.fets[number + 1 :]:
                if one.type == other.type and one.gate == other.drain and other.gate == one.drain and not one.diode:
                    found.append((one, other))
        return tuple(found)

    @cached_property
    def pairs(self) -> tuple[tuple[Fet, Fet], ...]:
        crossed = {fet.name for pair in self.cross_pairs for fet in pair}
        found: list[tuple[Fet, Fet]] = []
        for net, fets in list(self.by_source.items()):
            if net in self.rails:
                continue
            free = [
                fet
                for fet in fets
                if not fet.diode and fet.name not in self.mirrored and fet.name not in crossed and fet.gate not in self.clocks
            ]
            for kind in ("nmos", "pmos"):
                side: dict[str, list[Fet]] = defaultdict(list)
                for fet in free:
                    if fet.type == kind:
                        side[fet.gate].append(fet)
                if len(side) == 2:
                    left, right = side.values()
                    found.extend((one, other) for one, other in self._facing(left, right) if one.drain != other.drain)
        return tuple(found)

    def _facing(self, left: Sequence[Fet], right: Sequence[Fet]) -> list[tuple[Fet, Fet]]:
        """Who faces whom where each side of a pair is split in parts: the way that makes most of the circuit symmetric."""
        if len(left) > _MAX_PARTS or len(left) != len(right):
            return list(zip(left, right, strict=False))
        ways = [list(zip(left, order, strict=True)) for order in itertools.permutations(right)]
        return max(ways, key=lambda way: sum(len(self._symmetric(pair)) for pair in way)) if len(ways) > 1 else ways[0]

    @cached_property
    def tails(self) -> frozenset[str]:
        """Common sources of pairs."""
        return frozenset(pair[0].source for pair in self.pairs)

    @cached_property
    def bias(self) -> frozenset[str]:
        """Nets that only set a bias: gates of mirrors whose reference carries no signal, and diode stacks that hang on them."""
        signal = self.signal
        return frozenset(net for net in self.by_gate if net not in signal and net not in self.rails)

    @cached_property
    def signal(self) -> frozenset[str]:
        """Nets that the inputs reach: from gate to drain (and source), from source to drain, and through passives."""
        pair = [(fet.gate, fet) for one in self.pairs for fet in one]
        start = {net for net, _ in pair}
        if not start:
            start = {
                port
                for port in self.circuit.ports
                if port not in self.rails and port not in self.clocks and any(not fet.diode for fet in self.by_gate[port])
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
                if p.type == "pmos" and p.drain == n.drain and n.gate not in self.clocks:
                    found.append((n, p))
        return tuple(found)

    @cached_property
    def matched(self) -> tuple[tuple[str, ...], ...]:
        """Groups of devices that must be equal: sides of pairs, what stands symmetrically on them, and mirrors."""
        sets: list[set[str]] = []

        def join(names: Iterable[str]) -> None:
            names = set(names)
            touching = [group for group in sets if group & names]
            for group in touching:
                sets.remove(group)
                names |= group
            sets.append(names)

        for mirror in self.mirrors:
            join(fet.name for fet in mirror.members)
        for port in self.circuit.ports:
            # sources that a port biases are copies of one another
            for kind in ("nmos", "pmos"):
                alike = [fet.name for fet in self.by_gate.get(port, ()) if fet.type == kind and fet.source in self.rails]
                if len(alike) > 1 and port not in self.clocks and port not in self.rails:
                    join(alike)
        for pair in (*self.pairs, *self.cross_pairs):
            join(fet.name for fet in pair)
            for twins in self._symmetric(pair):
                join(twins)
        for mirror in self.mirrors:
            for twins in self._on_top(mirror):
                join(twins)
        # halves of a split pair share gate and source with one another
        for pair in self.pairs:
            join(
                fet.name
                for fet in self.by_source[pair[0].source]
                if fet.type == pair[0].type and fet.gate in {pair[0].gate, pair[1].gate} and not fet.diode
            )
        order = {fet.name: number for number, fet in enumerate(self.fets)}
        groups = [tuple(sorted(group, key=order.__getitem__)) for group in sets if len(group) > 1]
        return tuple(sorted(groups, key=lambda group: order[group[0]]))

    def _on_top(self, mirror: Mirror) -> list[tuple[str, str]]:
        """The cascodes of a mirror of two, where nothing else joins them."""
        one, other = mirror.reference, mirror.copies[0]
        if len(mirror.copies) > 1 or one.diode or any(len(self.by_drain[fet.drain]) > 1 for fet in (one, other)):
            return []
        return self._exchanged([(one.drain, other.drain)], {one.name, other.name})

    def _symmetric(self, pair: tuple[Fet, Fet]) -> list[tuple[str, str]]:
        """Devices that change places when the two sides of a pair do."""
        return self._exchanged([(pair[0].gate, pair[1].gate), (pair[0].drain, pair[1].drain)], {pair[0].name, pair[1].name})

    def _exchanged(self, seeds: Sequence[tuple[str, str]], taken: set[str]) -> list[tuple[str, str]]:
        """Devices that change places when these nets do."""
        swap: dict[str, str] = {}

        def exchange(one: str, other: str) -> bool:
            if swap.get(one, other) != other or swap.get(other, one) != one:
                return False
            swap[one], swap[other] = other, one
            return True

        for mine, its in seeds:
            if mine in self.rails or its in self.rails or not exchange(mine, its):
                return []
        twins: list[tuple[str, str]] = []
        changed = True
        while changed:
            changed = False
            for fet in self.fets:
                if fet.name in taken or not {fet.source, fet.gate, fet.drain} & swap.keys():
                    continue
                fits = [
                    other
                    for other in self.fets
                    if other.name != fet.name and other.name not in taken and other.type == fet.type and self._twins(fet, other, swap)
                ]
                # where several fit, another device will tell which
                if len(fits) == 1 and self._exchange_all(fet, fits[0], exchange):
                    twins.append((fet.name, fits[0].name))
                    taken |= {fet.name, fits[0].name}
                    changed = True
        return twins

    def _twins(self, fet: Fet, other: Fet, swap: Mapping[str, str]) -> bool:
        """Whether `other` is what `fet` becomes: sources and gates correspond, and one of the known nets is really exchanged."""
        if fet.gate == other.gate and swap.get(fet.source) == other.source != fet.source:
            return True  # cascodes: what hangs on top of them need not be symmetric, one side may be the output
        proof = False
        for mine, its in ((fet.source, other.source), (fet.gate, other.gate), (fet.drain, other.drain)):
            if mine in swap:
                if swap[mine] != its:
                    return False
                proof = proof or mine != its
            elif its in swap or (mine != its and (mine in self.rails or its in self.rails)):
                return False
        if fet.gate != other.gate and fet.gate not in swap:
            return False
        return proof and (fet.source == other.source or fet.source in swap or fet.drain in swap)

    @staticmethod
    def _exchange_all(fet: Fet, other: Fet, exchange: Callable[[str, str], bool]) -> bool:
        return all(exchange(mine, its) for mine, its in ((fet.source, other.source), (fet.gate, other.gate)) if mine != its) and (
            fet.drain == other.drain or exchange(fet.drain, other.drain) or fet.gate == other.gate
        )

    # what each device does

    def roles(self) -> dict[str, str]:
        result = {fet.name: self._role(fet) for fet in self.fets}
        for passive in self.circuit.passives:
            result[passive.name] = self._passive_role(passive)
        return result

    def _role(self, fet: Fet) -> str:
        if fet.gate in self.clocks:
            return "clocked tail" if fet.drain in self.tails else "precharge switch" if fet.source in self.rails else "switch"
        for pair in self.cross_pairs:
            if fet in pair:
                return f"latch {fet.type}"
        for pair in self.pairs:
            if fet.source == pair[0].source and fet.type == pair[0].type and fet.gate in {pair[0].gate, pair[1].gate}:
                return "input pair" if pair[0].gate in self.circuit.ports and pair[1].gate in self.circuit.ports else "inner pair"
        for pair in self.inverters:
            if fet in pair:
                return f"inverter {fet.type}"
        if self._starves(fet):
            return f"starving {fet.type}"
        mirror = self.mirrored.get(fet.name)
        if mirror is not None:
            return self._mirror_role(fet, mirror)
        return self._single_role(fet)

    def _mirror_role(self, fet: Fet, mirror: Mirror) -> str:
        if fet.drain in self.tails:
            return "tail source"
        signal = mirror.reference.gate in self.signal
        if not signal:
            if fet is mirror.reference:
                return "bias diode"
            above = {other for net in self._tops(fet) for other in self.by_drain[net] if other.name != fet.name}
            if any(other.diode and not self._carries(other) for other in above):
                return "bias source"
            return "current source"
        pair_drains = {one.drain for pair in self.pairs for one in pair}
        below = self._tops(mirror.reference) | {top for copy in mirror.copies for top in self._tops(copy)}
        reached = pair_drains | {other.drain for net in pair_drains for other in self.by_source[net]}
        return "load mirror" if below & reached else "signal mirror"

    def _starves(self, fet: Fet) -> bool:
        above = [other for other in self.by_source.get(fet.drain, ()) if other.type == fet.type]
        return fet.source in self.rails and any(other in pair for pair in self.inverters for other in above)

    def _carries(self, fet: Fet) -> bool:
        return fet.drain in self.signal

    def _single_role(self, fet: Fet) -> str:
        if any(other.source == fet.drain and other.drain == fet.source and other.type != fet.type for other in self.fets):
            return "class-AB mesh"
        if fet.diode:
            return "load diode" if self._carries(fet) and fet.source in self.rails else "bias diode"
        below = [other for other in self.by_drain[fet.source] if other.name != fet.name]
        if fet.source not in self.rails and below and fet.gate not in self.signal:
            return f"cascode {fet.type}"
        if fet.drain in self.tails:
            return "tail source"
        if fet.gate in self.signal and fet.source in self.rails:
            return "output device" if fet.drain in self.circuit.ports else "gain device"
        if fet.gate not in self.signal and fet.source in self.rails:
            return "current source"
        if fet.gate in self.signal and fet.drain in self.rails:
            return "follower"
        if any(other.type == fet.type for other in below):
            return f"cascode {fet.type}"
        return "device"

    def _passive_role(self, passive: Passive) -> str:
        kind = {"r": "resistor", "c": "capacitor", "l": "inductor"}[passive.kind]
        ends = [net for net in passive.nets if net not in self.rails]
        if len(ends) < 2:
            return f"load {kind}" if any(net in self.circuit.ports for net in ends) else f"bypass {kind}"
        reach = set(ends)
        for other in self.circuit.passives:
            # a resistor and a capacitor in series act as one
            shared = set(other.nets) & set(passive.nets)
            if other is not passive and shared and all(not self.by_drain[net] and not self.by_gate[net] for net in shared):
                reach |= set(other.nets)
        inputs = {port for port in reach if port in self.circuit.ports and self.by_gate[port]}
        outputs = {net for net in reach if self.by_drain[net] and net in self.signal}
        if inputs and outputs:
            return f"feedback {kind}"
        if len(outputs) >= 2:
            return "compensation capacitor" if passive.kind == "c" else "nulling resistor"
        return f"series {kind}"


def polarity(structure: Structure, source: str, target: str) -> int:
    """+1 or −1: the sign of the voltage gain from net `source` to net `target` by the shortest path, 0 where there is none.

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
