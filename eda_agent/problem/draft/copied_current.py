"""A copied current makes a bias circuit without a port measurable: one more device of its mirror carries the current to
an added port, as the circuits that use the bias have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from eda_agent.problem.netlist import Netlist
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet
from eda_agent.problem.structure.switching import ring

PORT, DEVICE = "iout", "mcopy"


def with_copied_current(text: str, structure: Structure, netlist: Netlist, subckt: str, notes: list[str]) -> str:
    """The netlist with the copy and its port, if the circuit is a bias without any port beside its rails."""
    rest = [port for port in structure.ports if port not in structure.rails]
    # vdd and vss may be rails by name alone
    if rest or structure.input_pair or not any(one.kind == "r" for one in structure.passives) or ring(structure):
        return text
    model = _model(structure)
    device = netlist.subcircuits[subckt].device(model.name) if model is not None else None
    if model is None or device is None or PORT in netlist.subcircuits[subckt].ports:
        return text
    nodes = [PORT, *device.nodes[1:]]
    letter = "x" if device.kind == "x" else ""
    tail = device.line.text.split(None, 1 + len(device.nodes))[1 + len(device.nodes)]
    copy = f"{letter}{DEVICE} {' '.join(nodes)} {tail}"
    head = re.compile(rf"^\s*\.subckt\s+{re.escape(subckt)}\b[^\n]*(?:\n\s*\+[^\n]*)*", re.IGNORECASE | re.MULTILINE)
    result = head.sub(lambda found: f"{found[0]} {PORT}\n{copy}", text, count=1)
    if result != text:
        notes.append(
            f"no port carries the current of this bias: a copy of {model.name.upper()} takes it to a new port, {PORT}"
        )
    return result


def _model(structure: Structure) -> Fet | None:
    """The device to copy: of the gate that most devices on a rail share, a PMOS before an NMOS, none of a diode's."""
    found = [fet for fet in structure.fets if fet.source in structure.rails and "." not in fet.name]
    found = [fet for fet in found if fet.gate not in structure.rails and structure.roles.get(fet.name) != "dummy"]

    def shared(fet: Fet) -> int:
        return sum(other.gate == fet.gate and other.type == fet.type for other in found)

    able = [fet for fet in found if not fet.diode and shared(fet) > 1 and _regulates(structure, fet, found)]
    return max(able, key=lambda fet: (fet.type == "pmos", shared(fet)), default=None)


def _regulates(structure: Structure, fet: Fet, on_rail: Iterable[Fet]) -> bool:
    """Whether the device is no switch: its gate net is set by a device of a mirror, not by a level."""
    return any(other.drain == fet.gate for other in structure.fets) or any(
        other.diode and other.gate == fet.gate for other in on_rail
    )
