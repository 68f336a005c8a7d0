"""The chosen subcircuit is the one to size where the user names none: the largest that no other calls."""

from __future__ import annotations

from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.netlist import Netlist


def chosen_subckt(netlist: Netlist, path: Path, doubts: list[str]) -> str:
    """The subcircuit that no other calls; `doubts` receives a remark if there are several. Raises `InputError` if there
    is none.
    """
    called = {
        device.value.lower() for scope in netlist.subcircuits.values() for device in scope.devices if device.kind == "x"
    }
    tops = [name for name in netlist.subcircuits if name not in called]
    if not tops:
        raise InputError(
            Finding(
                "the netlist has no subcircuit to size",
                path,
                fix="wrap the circuit in  .subckt NAME ports…  and  .ends, without its sources",
            )
        )
    if len(tops) > 1:
        tops.sort(key=lambda name: len(netlist.subcircuits[name].devices), reverse=True)
        doubts.append(
            f"which subcircuit to size: {tops[0]} is the largest; the others are {', '.join(tops[1:])} (--subckt)"
        )
    return tops[0]
