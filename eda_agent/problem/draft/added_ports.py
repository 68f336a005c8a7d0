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
    return "" if structure.input_pair or outputs else hidden_output(structure)
