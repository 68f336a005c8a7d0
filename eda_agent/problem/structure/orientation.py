"""Orientation finds a transistor's source: the end of its channel nearer to its type's rail. Layout netlists do not
know it, because a drawn MOS is symmetric.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

from eda_agent.problem.structure.circuit import Fet, Passive


def oriented(fets: Sequence[Fet], passives: Sequence[Passive], vdd: str, vss: str) -> list[Fet]:
    """The same with drain and source exchanged if the drain is nearer to the rail, counted in channels of the same type
    and resistors.
    """
    rails = {"nmos": (vss, vdd), "pmos": (vdd, vss)}
    resistors = [passive for passive in passives if passive.kind == "r"]
    away = {kind: _channels(fets, resistors, kind, *rails[kind]) for kind in rails}
    result = []
    for fet in fets:
        far = len(fets) + 1
        drain, source = (away[fet.type].get(net, far) for net in (fet.drain, fet.source))
        result.append(replace(fet, drain=fet.source, source=fet.drain) if drain < source else fet)
    return result


def _channels(fets: Sequence[Fet], resistors: Sequence[Passive], kind: str, rail: str, other: str) -> dict[str, int]:
    """Net → number of channels of a type and resistors between it and a rail; paths do not cross the other rail."""
    links = defaultdict(list)
    for fet in fets:
        if fet.type == kind:
            links[fet.drain].append(fet.source)
            links[fet.source].append(fet.drain)
    for resistor in resistors:
        one, end = resistor.nets
        links[one].append(end)
        links[end].append(one)
    found, waiting = {rail: 0}, deque([rail])
    while waiting:
        net = waiting.popleft()
        for near in links[net]:
            if near not in found and near != other:
                found[near] = found[net] + 1
                waiting.append(near)
    return found
