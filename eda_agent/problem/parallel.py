"""A parallel instance is one of the equal lines that a multiplier stands for, written out where the foundry's subcircuit ignores `m=`."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.netlist import Device, Edit, Netlist
from eda_agent.problem.pdk.multiplier import ignoring
from eda_agent.problem.pdk.stand_in import stand_ins
from eda_agent.problem.spec import Problem


@dataclass(frozen=True)
class Parallel:
    """`copies`: (subcircuit, device) → how many instances its line becomes, for those with a multiplier of 2 or more that is lost otherwise.

    `left`: those that cannot be written so, with why: m is no whole number, or differs between the instances of a cell.
    """

    copies: Mapping[tuple[str, str], int]
    left: Mapping[tuple[str, str], str]

    @property
    def remarks(self) -> dict[tuple[str, str], str]:
        """A sentence for each line."""
        told = {line: f"{line[1]} is written as {count} instances in parallel: {_WHY}" for line, count in self.copies.items()}
        return told | {line: f"{line[1]} stays ONE device in plain ngspice: {_WHY}, and {reason}" for line, reason in self.left.items()}


_WHY = "ngspice ignores m= of the foundry's subcircuit"


def parallel(problem: Problem, edits: Mapping[Edit, float]) -> Parallel:
    """What of a circuit plain ngspice would simulate without its multiplier. `edits`: place → number in the netlist's units.

    Raises `MissingError` where the PDK's library is not on this machine.
    """
    netlist = problem.netlist
    scopes = (netlist.top, *netlist.subcircuits.values())
    called = {device.value.lower() for scope in scopes for device in scope.devices if device.kind == "x"}
    if not any("m" in device.params for scope in scopes for device in scope.devices if device.kind == "x"):
        return Parallel({}, {})
    lost = _with_cells(netlist, ignoring(problem.pdk, called - netlist.subcircuits.keys()))
    if not lost:
        return Parallel({}, {})
    copies, left = {}, {}
    for line, found in Elaboration(netlist, problem.subckt, stand_ins(problem.pdk), tuple(edits)).multipliers(edits).items():
        device = _device(netlist, line)
        if device.value.lower() not in lost or found == {1.0}:
            continue
        value = next(iter(found))
        if len(found) > 1:
            left[line] = f"m of {device.name} differs between the instances of {line[0]}"
        elif not (math.isfinite(value) and value >= 1 and math.isclose(value, round(value), rel_tol=1e-9)):
            left[line] = f"m of {device.name} is no whole number"
        else:
            copies[line] = round(value)
    return Parallel(copies, left)


def _with_cells(netlist: Netlist, devices: Collection[str]) -> set[str]:
    """These devices and every cell that has one of them somewhere inside: of a cell's multiplier they do not hear either."""
    found = set(devices)
    while devices:
        devices = {
            name
            for name, cell in netlist.subcircuits.items()
            if name not in found and any(device.kind == "x" and device.value.lower() in found for device in cell.devices)
        }
        found |= devices
    return found


def _device(netlist: Netlist, line: tuple[str, str]) -> Device:
    scope = netlist.scope(line[0])
    device = scope.device(line[1]) if scope else None
    assert device is not None, line
    return device
