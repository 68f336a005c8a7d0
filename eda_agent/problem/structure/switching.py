"""A switch-level model of a circuit: every MOSFET is a switch, and a net is low, high, or unknown.

It tells what a static CMOS circuit computes: which input moves which output, and at which levels of the others. A net
has a level if conducting channels join it to sources of that level alone; feedback is found from unknown nets, so that
a stronger pull-down against a latch counts as what it is. Bryant, IEEE Trans. Comput. C-33, 1984, with two strengths.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from eda_agent.problem.structure.circuit import Fet, Structure

MOST_INPUTS = 6
"""Inputs whose every combination is tried."""

Levels = Mapping[str, int]
"""Net → 0 or 1; a net without an entry is unknown."""


def levels(structure: Structure, given: Levels) -> dict[str, int]:
    """The levels of all nets for given ones; supplies are known."""
    fixed = {**dict.fromkeys((structure.vss, "0"), 0), structure.vdd: 1, **given}
    wires = [one.nets for one in structure.passives if one.kind == "r"]
    known = dict(fixed)
    for _ in range(len(structure.fets) + 2):
        found = _settled(structure.fets, wires, fixed, known)
        if found == known:
            return known
        known = found
    # it oscillates: what did not settle is unknown
    return {net: level for net, level in known.items() if found.get(net) == level}


def _settled(fets: Sequence[Fet], wires: Sequence[tuple[str, str]], fixed: Levels, known: Levels) -> dict[str, int]:
    """One pass: each net by the sources that conducting channels join it to; a fight leaves it unknown."""
    links: dict[str, list[str]] = defaultdict(list)
    on = [(fet.drain, fet.source) for fet in fets if known.get(fet.gate) == (1 if fet.type == "nmos" else 0)]
    for one, other in (*on, *wires):
        links[one].append(other)
        links[other].append(one)
    reach: dict[str, set[int]] = defaultdict(set)
    for level in (0, 1):
        waiting = [net for net, held in fixed.items() if held == level]
        seen = set(waiting)
        while waiting:
            for net in links[waiting.pop()]:
                if net not in seen and net not in fixed:
                    seen.add(net)
                    reach[net].add(level)
                    waiting.append(net)
    return {**fixed, **{net: next(iter(found)) for net, found in reach.items() if len(found) == 1}}


def sensitised(
    structure: Structure, source: str, target: str, others: Sequence[str], held: Levels
) -> dict[str, int] | None:
    """The levels of the other inputs at which an input alone moves an output, or None.

    Args:
        structure: the circuit.
        source: the input.
        target: the output.
        others: the other inputs.
        held: ports at a known level.
    """
    if len(others) >= MOST_INPUTS:
        return None
    for combination in itertools.product((1, 0), repeat=len(others)):
        chosen = dict(zip(others, combination, strict=True))
        ends = [levels(structure, {**held, **chosen, source: level}).get(target) for level in (0, 1)]
        if None not in ends and ends[0] != ends[1]:
            return chosen
    return None


def ring(structure: Structure, ports: Collection[str] = ()) -> tuple[str, ...]:
    """The nets of a ring of an odd number of inverting stages, at least three; () if there is none.

    A stage is what channels join, between the rails and shared virtual rails; a net is inverted by a stage with
    devices of both types on it. Channels in the way, such as transmission gates, belong to the stage before them.
    `ports`: nets that come first, if the ring has one of them.
    """
    stage = stages(structure)
    links: dict[int, set[int]] = defaultdict(set)
    gates: dict[tuple[int, int], str] = {}
    types: dict[tuple[str, int], set[str]] = defaultdict(set)
    for fet in structure.fets:
        place = stage.get(fet.drain, stage.get(fet.source))
        if place is not None:
            types[fet.gate, place].add(fet.type)
    for (gate, place), kinds in types.items():
        before = stage.get(gate)
        if kinds == {"nmos", "pmos"} and before is not None and before != place:
            links[before].add(place)
            gates[before, place] = gate
    for start in sorted(links):
        if path := _odd_cycle(links, start):
            nets = [gates[one, other] for one, other in itertools.pairwise([*path, start])]
            first = next((number for number, net in enumerate(nets) if net in ports), 0)
            return tuple(nets[first:] + nets[:first])
    return ()


def stages(structure: Structure) -> dict[str, int]:
    """Net → number of its stage; rails and virtual rails have none."""
    cut = structure.rails | virtual_rails(structure).keys()
    same: dict[str, str] = {}

    def top(net: str) -> str:
        while net in same:
            net = same[net]
        return net

    wires = [one.nets for one in structure.passives if one.kind == "r"]
    for one, other in (*((fet.drain, fet.source) for fet in structure.fets), *wires):
        if not {one, other} & cut and top(one) != top(other):
            same[top(one)] = top(other)
    # a net between a gate and a resistor belongs to the stage behind the resistor
    nets = {net for fet in structure.fets for net in (fet.drain, fet.source)} | {net for one in wires for net in one}
    nets -= cut
    numbers: dict[str, int] = {}
    return {net: numbers.setdefault(top(net), len(numbers)) for net in sorted(nets)}


def virtual_rails(structure: Structure) -> dict[str, int]:
    """Net that one type's devices alone join, some to a rail and at least two more → the level of that rail."""
    ends: dict[str, list[tuple[Fet, str]]] = defaultdict(list)
    for fet in structure.fets:
        ends[fet.drain].append((fet, fet.source))
        ends[fet.source].append((fet, fet.drain))
    result = {}
    for net, found in ends.items():
        rails = [fet for fet, other in found if other in structure.rails]
        free = {fet.gate for fet, other in found if other not in structure.rails}
        if net not in structure.rails and rails and len(free) > 1 and len({fet.type for fet, _ in found}) == 1:
            result[net] = int(rails[0].type == "pmos")
    return result


def _odd_cycle(links: Mapping[int, Collection[int]], start: int, most: int = 41) -> tuple[int, ...]:
    """The shortest walk of odd length, at least three, from a stage back to itself through different stages."""
    waiting: list[tuple[int, ...]] = [(start,)]
    seen = {(start, 0)}
    while waiting:
        path = waiting.pop(0)
        for after in sorted(links.get(path[-1], ())):
            if after == start and len(path) >= 3 and len(path) % 2 == 1:
                return path
            if after not in path and (after, len(path) % 2) not in seen and len(path) < most:
                seen.add((after, len(path) % 2))
                waiting.append((*path, after))
    return ()
