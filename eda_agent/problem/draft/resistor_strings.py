"""A resistor string is a set of equal resistors in series and parallel between nets where other devices stand.

Its units have one length. Two strings have a ratio, which a designer turns: the length of each is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.netlist import Subcircuit


def strings_of(draft: Draft, cell: Subcircuit, names: Sequence[str]) -> list[list[str]]:
    """Equal resistors of a cell by string, in their order; symmetric strings are one.

    Args:
        names: devices of the cell.
    """
    nodes = {device.name: device.nodes[:2] for device in cell.devices if device.name in names}
    inner = inner_nets(cell, nodes)
    found = [{name} for name in nodes]
    for net in inner:
        touching = [group for group in found if any(net in nodes[name] for name in group)]
        found = [group for group in found if group not in touching] + [set[str]().union(*touching)]
    exchanged = _exchanged_nets(draft)
    ends = _flat_ends(draft, cell, nodes, inner)
    order = list(nodes)
    groups: list[list[set[str]]] = []
    for string in sorted(found, key=lambda string: min(map(order.index, string))):
        mine = _union(ends, string)
        twins = (group for group in groups if any(_alike(string, mine, other, ends, exchanged) for other in group))
        if (twin := next(twins, None)) is not None:
            twin.append(string)
        else:
            groups.append([string])
    return [[name for name in order if any(name in string for string in group)] for group in groups]


def _union(ends: Mapping[str, frozenset[str]], string: set[str]) -> frozenset[str]:
    return frozenset[str]().union(*(ends[name] for name in string))


def _alike(
    string: set[str],
    mine: frozenset[str],
    other: set[str],
    ends: Mapping[str, frozenset[str]],
    exchanged: set[frozenset[str]],
) -> bool:
    """Whether two strings are parallel, or the two sides of a symmetric circuit."""
    theirs = _union(ends, other)
    return mine == theirs or (len(string) == len(other) and _symmetric(mine, theirs, exchanged))


def inner_nets(cell: Subcircuit, nodes: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Nets on which these resistors alone stand."""
    busy = {*cell.ports, "0"}
    for device in cell.devices:
        busy |= set(device.nodes[2:] if device.name in nodes else device.nodes)
    return list(dict.fromkeys(net for pair in nodes.values() for net in pair if net not in busy))


def _flat_ends(
    draft: Draft, cell: Subcircuit, nodes: Mapping[str, tuple[str, ...]], inner: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Resistor → the nets of the structure at those of its ends that are not inner."""
    prefix = _path_to(draft, cell.name)
    nets = {passive.name: passive.nets for passive in draft.structure.passives}
    return {
        name: frozenset(
            flat for net, flat in zip(pair, nets.get(f"{prefix}{name}", tuple(pair)), strict=True) if net not in inner
        )
        for name, pair in nodes.items()
    }


def _path_to(draft: Draft, cell: str) -> str:
    """The labels' prefix of the first instance of a cell."""
    waiting = [("", draft.subckt)]
    while waiting:
        prefix, name = waiting.pop(0)
        if name == cell:
            return prefix
        waiting += [
            (f"{prefix}{device.name}.", device.value.lower())
            for device in draft.netlist.subcircuits[name].devices
            if device.kind == "x" and device.value.lower() in draft.netlist.subcircuits
        ]
    return ""


def _exchanged_nets(draft: Draft) -> set[frozenset[str]]:
    """Two nets each that a circuit's symmetry exchanges: those of pairs and of other groups of two."""
    fets = {fet.name: fet for fet in draft.structure.fets}
    twins = [*draft.structure.pairs]
    twins += [(fets[group[0]], fets[group[1]]) for group in draft.structure.matched if len(group) == 2]
    return {
        frozenset(nets)
        for one, other in twins
        for nets in ((one.drain, other.drain), (one.gate, other.gate), (one.source, other.source))
        if nets[0] != nets[1]
    }


def _symmetric(one: frozenset[str], other: frozenset[str], exchanged: set[frozenset[str]]) -> bool:
    """Whether the circuit's symmetry exchanges the ends of two strings."""
    mine, theirs = one - other, other - one
    return len(mine) == len(theirs) > 0 and all(
        any(frozenset([net, twin]) in exchanged for twin in theirs) for net in mine
    )
