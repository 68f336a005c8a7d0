"""An unfed diode is the reference of a mirror to which nothing carries a current: the netlist lacks a port for it."""

from __future__ import annotations

from eda_agent.problem.netlist import Netlist
from eda_agent.problem.structure import Structure


def unfed_diode(structure: Structure, netlist: Netlist, subckt: str) -> str:
    """The net of the top level on which a diode-connected MOSFET alone can carry a current, "" if there is none."""
    for fet in structure.fets:
        net = fet.gate.removeprefix("xdut.")
        if not fet.diode or fet.gate == net or "." in net:
            continue
        touching = [other for other in structure.fets if fet.gate in {other.drain, other.source}]
        if any(not other.diode or other.type != fet.type or other.source == fet.gate for other in touching):
            continue
        if not any(other.gate == fet.gate and not other.diode for other in structure.fets):
            continue
        if any(passive.kind != "c" and fet.gate in passive.nets for passive in structure.passives):
            continue
        others = [
            device
            for device in netlist.subcircuits[subckt].devices
            if device.kind not in "mxrlc" and net in {node.lower() for node in device.nodes}
        ]
        if not others:
            return net
    return ""
