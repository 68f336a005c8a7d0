"""A fingerprint identifies a circuit without its names, sizes and order: it is equal for circuits whose devices match
net by net.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.circuit import Structure
from eda_agent.problem.structure.recognise import recognise


def fingerprint(problem: Problem) -> str:
    """The fingerprint of a problem's circuit."""
    return structure_fingerprint(recognise(problem.netlist, problem.subckt, problem.pdk))


def structure_fingerprint(structure: Structure) -> str:
    """The fingerprint of a structure."""
    return _digest(sorted(_refined(structure).values()))


def colours(structure: Structure) -> Mapping[str, str]:
    """Device → its position in the circuit: in two circuits with the same fingerprint, devices of one colour
    correspond.
    """
    return {
        node.removeprefix("d "): colour[:16] for node, colour in _refined(structure).items() if node.startswith("d ")
    }


def _refined(structure: Structure) -> dict[str, str]:
    """Weisfeiler–Lehman refinement of the graph of devices and nets.

    Devices are distinguished by kind, type and terminal, nets by being ports or not; names, sizes and order do not
    count.
    """
    edges: list[tuple[str, str, str]] = []
    found: dict[str, str] = {}
    for fet in structure.fets:
        found[f"d {fet.name}"] = fet.type
        edges += [
            (f"d {fet.name}", terminal, f"n {net}")
            for terminal, net in (("d", fet.drain), ("g", fet.gate), ("s", fet.source), ("b", fet.bulk))
        ]
    for passive in structure.passives:
        found[f"d {passive.name}"] = passive.kind
        edges += [(f"d {passive.name}", "t", f"n {net}") for net in passive.nets]
    for _, _, net in edges:
        found[net] = "port" if net.removeprefix("n ") in structure.ports else "net"
    for _ in range(len(found)):
        seen: dict[str, list[str]] = {name: [] for name in found}
        for device, terminal, net in edges:
            seen[device].append(f"{terminal}{found[net]}")
            seen[net].append(f"{terminal}{found[device]}")
        refined = {name: _digest((found[name], sorted(seen[name]))) for name in found}
        settled = len(set(refined.values())) == len(set(found.values()))
        found = refined
        if settled:
            break
    return found


def _digest(anything: object) -> str:
    return hashlib.sha256(repr(anything).encode()).hexdigest()
