"""A multiplied cell is a subcircuit of the user's that is called with `m=`; here the multiplier is written on its
devices.

ngspice 39 appends `m=` to the line of every device inside such a cell, and the last one counts: a device's own
multiplier is lost. `x1 … cell m=3` around `M1 … m=5` was 3 devices instead of 15, and for every other call of that cell
1 instead of 5. `m=1` has the same effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit, edited
from eda_agent.problem.logical_line import Line
from eda_agent.problem.netlist import Netlist, parse_netlist

_UNMULTIPLIED = frozenset("bvefgh")
"""Elements that m does not multiply in ngspice."""


def multiplied_cells(netlist: Netlist) -> frozenset[str]:
    """The cells that ngspice simulates wrongly: called with `m=`, or inside such a cell, with a multiplier somewhere
    inside.
    """
    called = {
        device.value.lower()
        for cell in (netlist.top, *netlist.subcircuits.values())
        for device in cell.devices
        if device.kind == "x" and "m" in device.params
    }
    wrong = {name for name in called if _takes_m_by_itself(netlist, name) and _has_own(netlist, name, frozenset())}
    found: set[str] = set()
    while wrong:
        found |= wrong
        wrong = {inner for name in wrong for inner in _inner(netlist, name)} - found
    return frozenset(found)


def explicit(netlist: Netlist, cells: frozenset[str]) -> Netlist:
    """The same circuit with m as a parameter of these cells, and `m={m*(…)}` on every device in them."""
    lines: list[Line] = []
    inside = ""
    for line in netlist.lines:
        if line.card == ".subckt":
            inside = line.text.split()[1].lower()
            lines.append(
                replace(line, text=f"{line.text} m=1")
                if inside in cells and _takes_m_by_itself(netlist, inside)
                else line
            )
            continue
        cell = netlist.subcircuits.get(inside) if inside in cells else None
        device = cell.device(line.card) if cell and line.text and not line.card.startswith(".") else None
        lines.append(
            line if device is None or device.kind in _UNMULTIPLIED else replace(line, text=_times(line, device))
        )
        if line.card == ".ends":
            inside = ""
    return parse_netlist(lines)


def _times(line: Line, device: Device) -> str:
    own = device.params.get("m")
    if own is None:
        return f"{line.text} m={{m}}"
    return edited(line.text, Edit("", device.name, "m"), multiplied_value(own)) or line.text


def multiplied_value(own: str) -> str:
    """The value of m on a device of a multiplied cell. `own`: its own value as text."""
    return "{m*(" + own.strip().strip("{}'\"") + ")}"


def _takes_m_by_itself(netlist: Netlist, name: str) -> bool:
    """Whether ngspice multiplies the content of the cell; a cell that declares m defines its meaning itself."""
    cell = netlist.subcircuits.get(name)
    return cell is not None and "m" not in cell.defaults and "m" not in cell.params


def _inner(netlist: Netlist, name: str) -> Iterator[str]:
    for device in netlist.subcircuits[name].devices:
        if device.kind == "x" and _takes_m_by_itself(netlist, device.value.lower()):
            yield device.value.lower()


def _has_own(netlist: Netlist, name: str, above: frozenset[str]) -> bool:
    """Whether a device in the cell has its own multiplier, at any depth."""
    if name in above or name not in netlist.subcircuits:
        return False
    devices = netlist.subcircuits[name].devices
    return any(one.params.get("m", "1") != "1" and one.kind not in _UNMULTIPLIED for one in devices) or any(
        _has_own(netlist, one.value.lower(), above | {name}) for one in devices if one.kind == "x"
    )
