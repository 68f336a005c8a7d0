"""Exchanged inputs are those of a bandgap's amplifier that make the loop latch: its branch with the resistor above the
bipolars, which has the higher impedance, must close the loop with negative feedback, as it wins over the other.
"""

from __future__ import annotations

from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.structure import Structure, polarity
from eda_agent.problem.structure.circuit import Fet

_INSIDE = "xdut."
"""What the structure puts before the name of a net that is no port."""


def exchanged_inputs(structure: Structure, netlist: Netlist, subckt: str, pdk: Pdk) -> list[str]:
    """One sentence for each amplifier of a reference whose inputs seem to be exchanged."""
    emitters = _emitters(structure, netlist, subckt, pdk)
    result = []
    for one, other in structure.pairs:
        for near, far in ((one, other), (other, one)):
            if near.gate not in emitters or far.gate in emitters or not _above(structure, far.gate, emitters):
                continue
            gates = _sources(structure, near.gate) & _sources(structure, far.gate)
            # a source inverts: from its gate to the branch
            if len(gates) == 1 and polarity(structure, far.gate, next(iter(gates))) < 0:
                result.append(_words(far, near))
    return result


def _emitters(structure: Structure, netlist: Netlist, subckt: str, pdk: Pdk) -> set[str]:
    """The nets of the sized cell on which emitters of bipolars stand, beside the rails."""
    found = set()
    for device in netlist.subcircuits[subckt].devices:
        rule = pdk.device(device.value) if device.kind in "xq" else None
        if rule is not None and rule.type in {"npn", "pnp"} and len(device.nodes) >= 3:
            net = device.nodes[2]
            found.add(net if net in structure.ports else f"{_INSIDE}{net}")
    return found - structure.rails


def _above(structure: Structure, net: str, emitters: set[str]) -> bool:
    """Whether a resistor leads from a net to an emitter."""
    return any(
        passive.kind == "r" and net in passive.nets and ({*passive.nets} - {net}) & emitters
        for passive in structure.passives
    )


def _sources(structure: Structure, net: str) -> set[str]:
    """The gates of the devices on a rail that feed a net."""
    return {fet.gate for fet in structure.fets if fet.drain == net and fet.source in structure.rails}


def _words(far: Fet, near: Fet) -> str:
    high, low = (fet.gate.removeprefix(_INSIDE) for fet in (far, near))
    return (
        f"the inputs of the amplifier {near.name.upper()} {far.name.upper()} seem to be exchanged: the loop through"
        f" {high}, whose branch has the resistor, has positive feedback and latches; exchange {low} and {high} at their"
        " gates"
    )
