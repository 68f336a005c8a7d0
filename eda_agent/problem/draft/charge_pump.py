"""A charge pump moves charge from the supply through a chain of devices to its output: clocks lift the nets of the
chain through capacitors (Dickson's diodes, cross-coupled doublers, and their stages in series).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure


@dataclass(frozen=True)
class ChargePump:
    """`ports`: role → port. `bias`: other port → how it is held. `loaded`: a resistor inside loads the output."""

    ports: dict[str, str]
    bias: dict[str, str]
    loaded: bool


def charge_pump(structure: Structure, rest: Sequence[str]) -> ChargePump | None:
    """The charge pump that a circuit is, None if it is none. `rest`: the ports beside the rails."""
    driven = _clock_nets(structure, rest)
    chain = {fet.drain for fet in structure.fets} | {fet.source for fet in structure.fets}
    pumped: dict[str, set[str]] = {}
    for one in structure.passives:
        for net, other in (one.nets, one.nets[::-1]) if one.kind == "c" else ():
            if other in driven and net in chain - driven.keys() - structure.rails - {*rest}:
                pumped.setdefault(net, set()).add(driven[other])
    if len(pumped) < 2:
        return None
    lifting = {port for clocks in pumped.values() for port in clocks}
    # what another port drives, such as an enable's buffer, may feed the chain
    feeding = {net for net, port in driven.items() if port not in lifting and net in chain - {*rest}}
    driven = {net: port for net, port in driven.items() if net not in feeding}
    # from the supply along channels and resistors, not through the drivers of the clocks
    links = [{fet.drain, fet.source} for fet in structure.fets]
    links += [set(one.nets) for one in structure.passives if one.kind == "r"]
    links = [ends for ends in links if not ends & {*driven, structure.vss, "0"}]
    reached = {structure.vdd} if structure.vdd else {port for port in rest if named("vdd", port)}
    reached |= feeding
    while more := {net for ends in links if ends & reached for net in ends} - reached:
        reached |= more
    clocks = [port for port in rest if any(port in clock for clock in pumped.values())]
    outs = [port for port in rest if port in reached and port not in clocks]
    if not pumped.keys() <= reached or not 1 <= len(clocks) <= 2 or not outs:
        return None
    out = next((port for port in outs if named("out", port)), outs[0])
    resistors = [set(one.nets) for one in structure.passives if one.kind == "r"]
    loaded = any(out in ends and ends & {structure.vss, "0"} for ends in resistors)
    ports = {"out": out, "clk": clocks[0], "clkb": clocks[1] if len(clocks) > 1 else NO_PORT}
    bias = {**biases(structure, rest, {out, *clocks}), **{port: "open" for port in outs if port != out}}
    return ChargePump(ports, bias, loaded)


def _clock_nets(structure: Structure, rest: Sequence[str]) -> dict[str, str]:
    """Net → the port whose clock it carries: the port itself, or behind inverters."""
    channels = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    gates = {fet.gate for fet in structure.fets}
    lifted = {net for one in structure.passives if one.kind == "c" for net in one.nets}
    carried = {port: port for port in rest if port not in channels and port in gates | lifted}
    outs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fet in structure.fets:
        outs[fet.gate, fet.type].add(fet.drain)
    waiting = list(carried)
    # the list grows by what it leads to
    for gate in waiting:
        for net in sorted(outs[gate, "nmos"] & outs[gate, "pmos"]):
            if net not in carried:
                carried[net] = carried[gate]
                waiting.append(net)
    return carried
