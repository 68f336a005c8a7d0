"""A parallel instance is one of the equal lines that replace a multiplier which plain ngspice would ignore.

There are two cases: some foundries' subcircuits accept m and ignore it, and m of a cell replaces that of the devices
inside (`problem.multiplied`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eda_agent.errors import MissingError
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.multiplied import multiplied_cells
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.multiplier import ignoring
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem


@dataclass(frozen=True)
class Parallel:
    """`copies`: (subcircuit, device) → number of instances without m that replace its line.

    `left`: those that cannot be replaced, with the reason. `remarks`: a sentence for each of both.
    """

    copies: Mapping[tuple[str, str], int]
    left: Mapping[tuple[str, str], str]
    remarks: Mapping[tuple[str, str], str]


_NAMED = 6
"""Devices that one message names."""
NONE = Parallel({}, {}, {})


def parallel(problem: Problem, edits: Mapping[Edit, float]) -> Parallel:
    """The devices that plain ngspice would simulate without their multiplier. `edits`: place → number in the netlist's
    units.

    Raises `MissingError` if the PDK's library is not on this machine.
    """
    netlist = problem.netlist
    scopes = (netlist.top, *netlist.subcircuits.values())
    called = {device.value.lower() for scope in scopes for device in scope.devices if device.kind == "x"}
    if not any("m" in device.params for scope in scopes for device in scope.devices if device.kind == "x"):
        return NONE
    multiplied = multiplied_cells(netlist)
    lost = _with_cells(netlist, ignoring(problem.pdk, called - netlist.subcircuits.keys())) | multiplied
    if not lost:
        return NONE
    copies, left, remarks = {}, {}, {}
    for line, found in (
        Elaboration(netlist, problem.subckt, stub_devices(problem.pdk), tuple(edits)).multipliers(edits).items()
    ):
        device = _device(netlist, line)
        callee = device.value.lower()
        # m=1 on a cell has an effect too
        if callee not in lost or "m" not in device.params or (found == {1.0} and callee not in multiplied):
            continue
        cell = callee in netlist.subcircuits
        why = (
            "ngspice does not multiply a device inside that has its own m"
            if cell
            else "ngspice ignores m= of the foundry's subcircuit"
        )
        value = next(iter(found))
        if len(found) == 1 and math.isfinite(value) and value >= 1 and math.isclose(value, round(value), rel_tol=1e-9):
            copies[line] = round(value)
            if copies[line] > 1:
                remarks[line] = f"{device.name} is written as {copies[line]} instances in parallel: {why}"
        else:
            left[line] = "m differs between the instances of its cell" if len(found) > 1 else "m is not a whole number"
            remarks[line] = f"{device.name} is another circuit in plain ngspice: {why}, and {left[line]}"
    return Parallel(copies, left, remarks)


def ignored_multipliers(problem: Problem) -> list[str]:
    """One sentence that names the devices whose `m=` counts here and not in plain ngspice, at the sizes with the
    largest multipliers; none without such devices.
    """
    largest = {parameter.name: parameter.maximum for parameter in problem.space.parameters}
    try:
        found = parallel(problem, problem.space.edits(largest))
    except MissingError:
        return []  # what simulates says so
    names = sorted({f"{scope} {device}".strip() for scope, device in found.remarks})
    if not names:
        return []
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return [
        f"plain ngspice ignores m= of {shown}: it simulates another circuit from the netlist as it stands;"
        " here m counts, and the exported netlist has devices in parallel instead"
    ]


def _with_cells(netlist: Netlist, devices: Collection[str]) -> set[str]:
    """These devices and every cell that contains one of them: a cell's multiplier does not reach them either."""
    found = set(devices)
    while devices:
        devices = {
            name
            for name, cell in netlist.subcircuits.items()
            if name not in found
            and any(device.kind == "x" and device.value.lower() in found for device in cell.devices)
        }
        found |= devices
    return found


def _device(netlist: Netlist, line: tuple[str, str]) -> Device:
    scope = netlist.scope(line[0])
    device = scope.device(line[1]) if scope else None
    assert device is not None, line
    return device
