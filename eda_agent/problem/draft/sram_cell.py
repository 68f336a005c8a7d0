"""An SRAM cell is two inverters, each driven by the other's output, with an NMOS device from each output to a bit line;
one word line opens both.
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet


def sram_cell(structure: Structure, rest: Sequence[str]) -> dict[str, str] | None:
    """Role → port of the cell that a circuit is (`q` and `qb`: its storage nets), None if it is none. `rest`: the ports
    beside the rails.
    """
    rails = {"nmos": {structure.vss, "0"}, "pmos": {structure.vdd}}
    halves: dict[tuple[str, str], set[str]] = {}
    for fet in structure.fets:
        if fet.source in rails[fet.type]:
            halves.setdefault((fet.gate, fet.drain), set()).add(fet.type)
    stored = [
        (gate, out)
        for (gate, out), types in halves.items()
        if len(types) == 2 and len(halves.get((out, gate), ())) == 2
    ]
    # each pair is found from both sides
    if len(stored) != 2 or set(stored[0]) & {*rest}:
        return None
    q, qb = stored[0]
    doors = {net: _door(structure, net, rest) for net in (q, qb)}
    one, other = doors[q], doors[qb]
    if one is None or other is None or one.gate != other.gate or one.gate not in rest:
        return None
    lines = {net: next(end for end in (doors[net].drain, doors[net].source) if end != net) for net in (q, qb)}  # type: ignore[union-attr]  # both are there
    if {*lines.values(), one.gate} != {*rest} or len(rest) != 3:
        return None
    if named("blb", lines[q]) or named("bl", lines[qb]):
        q, qb = qb, q
    return {"bl": lines[q], "blb": lines[qb], "wl": one.gate, "q": _local(q), "qb": _local(qb)}


def _door(structure: Structure, net: str, rest: Sequence[str]) -> Fet | None:
    """The only NMOS device between a net and a port, None if there is none or another."""
    found = [fet for fet in structure.fets if net in (fet.drain, fet.source) and {fet.drain, fet.source} & {*rest}]
    return found[0] if len(found) == 1 and found[0].type == "nmos" else None


def _local(net: str) -> str:
    return net.removeprefix("xdut.")
