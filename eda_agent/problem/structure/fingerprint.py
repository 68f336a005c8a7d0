"""A fingerprint is what is left of a circuit without its names, sizes and order: two circuits have the same when their devices match net by net."""

from __future__ import annotations

import hashlib

from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.recognise import recognise


def fingerprint(problem: Problem) -> str:
    """The same for two circuits whose devices can be matched net by net (Weisfeiler–Lehman refinement of the graph of devices and nets).

    Devices are told apart by kind, type and terminal, nets by being ports or not; names, sizes and order do not count.
    """
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    edges: list[tuple[str, str, str]] = []
    colours: dict[str, str] = {}
    for fet in structure.fets:
        colours[f"d {fet.name}"] = fet.type
        edges += [
            (f"d {fet.name}", terminal, f"n {net}")
            for terminal, net in (("d", fet.drain), ("g", fet.gate), ("s", fet.source), ("b", fet.bulk))
        ]
    for passive in structure.passives:
        colours[f"d {passive.name}"] = passive.kind
        edges += [(f"d {passive.name}", "t", f"n {net}") for net in passive.nets]
    for _, _, net in edges:
        colours[net] = "port" if net.removeprefix("n ") in structure.ports else "net"
    for _ in range(len(colours)):
        seen: dict[str, list[str]] = {name: [] for name in colours}
        for device, terminal, net in edges:
            seen[device].append(f"{terminal}{colours[net]}")
            seen[net].append(f"{terminal}{colours[device]}")
        refined = {name: hashlib.sha256(repr((colours[name], sorted(seen[name]))).encode()).hexdigest() for name in colours}
        settled = len(set(refined.values())) == len(set(colours.values()))
        colours = refined
        if settled:
            break
    return hashlib.sha256(repr(sorted(colours.values())).encode()).hexdigest()
