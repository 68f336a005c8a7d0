"""An added port brings out a net of the sized cell that a testbench has to drive or to look at."""

from __future__ import annotations

import re

from eda_agent.problem.draft.latch import latched_complement
from eda_agent.problem.draft.port_roles import outputs_of
from eda_agent.problem.draft.ring_oscillator import hidden_output
from eda_agent.problem.structure import Structure


def with_port(text: str, cell: str, net: str) -> str:
    """The netlist with one more port of a cell."""
    head = rf"^(\s*\.subckt\s+{re.escape(cell)}\b[^\n]*)"
    return re.sub(head, rf"\1 {net}", text, count=1, flags=re.IGNORECASE | re.MULTILINE)


def hidden_net(structure: Structure, *_of: object) -> str:
    """The net of a ring or latch that must become a port to be measured, "" if there is none."""
    rest = [port for port in structure.ports if port not in structure.rails]
    outputs = outputs_of(structure, rest)
    if structure.input_pair and structure.clocks and len(outputs) == 1:
        return latched_complement(structure, outputs[0])
    if structure.input_pair or outputs:
        return ""
    return hidden_output(structure) or _end_of_gates(structure)


def owner_of(structure: Structure) -> str:
    """What a hidden net belongs to, in words."""
    if structure.input_pair:
        return "the latch"
    return "the ring" if hidden_output(structure) else "the last gate"


def _end_of_gates(structure: Structure) -> str:
    """The one net of the top level that devices of both types drive and that drives no gate, "" if there are none or
    several: the last of a chain of gates.
    """
    # the feedback of a Schmitt trigger is a follower behind its output
    gates = {fet.gate for fet in structure.fets if structure.roles.get(fet.name) != "follower"}
    drains = [{fet.drain for fet in structure.fets if fet.type == kind} for kind in ("nmos", "pmos")]
    ends = [net for net in (drains[0] & drains[1]) - gates if net.count(".") == 1 and net.startswith("xdut.")]
    return ends[0].removeprefix("xdut.") if len(ends) == 1 and not structure.passives else ""
