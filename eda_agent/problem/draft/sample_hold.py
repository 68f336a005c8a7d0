"""A sample and hold passes its input to a capacitor at one level of its clock and separates them at the other: a switch
with its capacitor, with a buffer behind it, or a switch whose gate a capacitor lifts (bootstrapped).

The switch-level model (`structure.switching`) tells at which level of the clock the channels are off; a gate that is
lifted beyond the supply has no level in it.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, sample_hold_benches
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases, outputs_of
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Fet, Structure
from eda_agent.problem.structure.switching import levels


@dataclass(frozen=True)
class SampleHold:
    """`ports`: role → port. `bias`: other port → how it is held. `boosted`: a capacitor lifts the gate."""

    ports: dict[str, str]
    bias: dict[str, str]
    benches: tuple[Bench, ...]
    boosted: bool


def sample_hold(structure: Structure, rest: Sequence[str]) -> SampleHold | None:
    """The sample and hold that a circuit is, None if it is none. `rest`: the ports beside the rails."""
    capacitors = [set(one.nets) for one in structure.passives if one.kind == "c"]
    if not capacitors:
        return None
    gates = {fet.gate for fet in structure.fets}
    channels = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    controls = [port for port in rest if port in gates - channels]
    sources = [port for port in rest if port in channels - {fet.gate for fet in structure.fets if fet.diode}]
    lifts = _is_lifted(structure, capacitors)
    places = [
        (source, held)
        for source in sorted(sources, key=lambda port: not named("in", port))
        for held in _beyond(structure, source)
        if lifts or any(held in ends and ends & structure.rails for ends in capacitors)
    ]
    if not places:
        # a bank of bias currents has too many pairs of controls to try each
        return None
    reaching = {(source, held): _reaching(structure, source, held) for source, held in places}

    @functools.cache
    def known(given: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
        return levels(structure, dict(given))

    two = list(itertools.combinations(controls, 2))
    # a clock and its complement by their names come before one clock beside another control
    told = [pair for pair in two if all(named("clk", port) or named("enb", port) for port in pair)]
    for clocks in (*told, *itertools.combinations(controls, 1), *two):
        for source, held in places:
            # controls that do not reach the switch's gate are no clocks of it
            if {*clocks} <= reaching[source, held] and (
                found := _at(structure, rest, clocks, source, held, capacitors, known)
            ) is not None:
                return found
    return None


def _reaching(structure: Structure, source: str, held: str) -> set[str]:
    """The nets that act on the gates of the channels between two nets, through gates and channels."""
    before: dict[str, set[str]] = defaultdict(set)
    for fet in structure.fets:
        before[fet.drain] |= {fet.gate, fet.source}
        before[fet.source] |= {fet.gate, fet.drain}
    for one in structure.passives:
        for net, other in (one.nets, one.nets[::-1]):
            before[net].add(other)
    waiting = [fet.gate for fet in structure.fets if {fet.drain, fet.source} == {source, held}]
    found = set(waiting)
    for net in waiting:
        fresh = before[net] - found - structure.rails if net not in structure.rails else set()
        found |= fresh
        waiting += sorted(fresh)
    return found


def _beyond(structure: Structure, source: str) -> list[str]:
    """The nets to which channels lead from a port, ports first."""
    ends = {
        fet.drain if fet.source == source else fet.source
        for fet in structure.fets
        if source in (fet.drain, fet.source) and fet.drain != fet.source
    }
    return sorted(ends - structure.rails, key=lambda net: (net not in structure.ports, not named("out", net), net))


def _at(
    structure: Structure,
    rest: Sequence[str],
    clocks: Sequence[str],
    source: str,
    held: str,
    capacitors: Sequence[set[str]],
    known: Callable[[tuple[tuple[str, int], ...]], Mapping[str, int]],
) -> SampleHold | None:
    """The sample and hold with this clock, input and held net. `known`: the levels of all nets for those of clocks."""
    path = [fet for fet in structure.fets if {fet.drain, fet.source} == {source, held}]
    stored = any(held in ends and ends & structure.rails for ends in capacitors)
    for bits in itertools.product((1, 0), repeat=len(clocks)):
        if len(clocks) == 2 and bits[0] == bits[1]:
            continue
        tracks = known(tuple(zip(clocks, bits, strict=True)))
        holds = known(tuple(zip(clocks, (1 - bit for bit in bits), strict=True)))
        off = all(holds.get(fet.gate) == (0 if fet.type == "nmos" else 1) for fet in path)
        lifted = [fet for fet in path if fet.gate not in tracks and fet.gate not in structure.ports]
        on = [fet for fet in path if tracks.get(fet.gate) == (1 if fet.type == "nmos" else 0)]
        boosted = bool(lifted) and _is_lifted(structure, capacitors)
        if not off or not (on or boosted) or held in tracks or held in holds or not (stored or boosted):
            continue
        out = held if held in rest else _output(structure, rest, source, held)
        if not out:
            continue
        timing = {"clk" if bit else "clkb": port for port, bit in zip(clocks, bits, strict=True)}
        timing = {"clk": NO_PORT, **timing}
        rails = {"vdd": structure.vdd or NO_PORT, "vss": structure.vss or NO_PORT}
        ports = {"in": source, "out": out, **timing, **rails}
        bias = biases(structure, rest, {*ports.values()})
        low, high = _span([] if boosted else path, out != held)
        return SampleHold(ports, bias, sample_hold_benches(low, high, stored, out == held), boosted)
    return None


def _is_lifted(structure: Structure, capacitors: Sequence[set[str]]) -> bool:
    """Whether a capacitor stands between nets that only channels join to others: both of its plates move."""
    channels = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    return any(ends <= channels - structure.rails and not ends & set(structure.ports) for ends in capacitors)


def _output(structure: Structure, rest: Sequence[str], source: str, held: str) -> str:
    """The output of the stage whose gate is the held net; "" without one."""
    if not any(fet.gate == held for fet in structure.fets):
        return ""
    types = {port: {fet.type for fet in structure.fets if fet.drain == port} for port in rest}
    found = [port for port in rest if port in outputs_of(structure, rest) or types[port] == {"nmos", "pmos"}]
    feet = {fet.source for fet in structure.fets if fet.gate == held and fet.drain in structure.rails}
    found += [port for port in rest if port in feet and port not in found]
    found = [port for port in found if port not in (source, held)]
    told = [port for port in found if named("out", port)]
    return told[0] if len(told) == 1 else found[0] if len(found) == 1 else ""


def _span(path: Sequence[Fet], buffered: bool) -> tuple[str, str]:
    """The ends of the signal range: a switch of one type alone passes half of the supply's range, a stage behind it has
    less.
    """
    kinds = {fet.type for fet in path}
    if buffered:
        return "vdd/3", "2*vdd/3"
    return "vdd/2" if kinds == {"pmos"} else "0", "vdd/2" if kinds == {"nmos"} else "vdd"
