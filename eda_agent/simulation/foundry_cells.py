"""Foundry cells are the subcircuits of a cut library as a deck has them: expanded MOSFETs, and whole devices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import Subcircuit, parse_netlist
from eda_agent.problem.pdk import CutLibrary, Pdk
from eda_agent.problem.pdk.whole import WholeDevice


def library_cells(library: CutLibrary) -> Mapping[str, Subcircuit]:
    """Name → cell, for elaboration; a whole device has its ports and parameters alone."""
    text = library.devices
    for one in library.whole.values():
        text = text.replace(one.text, "")
    cells = dict(parse_netlist(logical_lines(text, Path("library"))).subcircuits)
    for name, one in library.whole.items():
        cells[name] = Subcircuit(name, one.ports, one.params, {}, (), None)
    return cells


def is_fet(device: FlatDevice, pdk: Pdk) -> bool:
    """Whether a flat device is a MOSFET, with an operating point and a gate."""
    if not device.whole:
        return device.kind == "m"
    rule = pdk.device(device.library)
    return rule is not None and rule.is_fet


def spice_names(device: FlatDevice, whole: Mapping[str, WholeDevice]) -> tuple[str, str]:
    """ngspice's names of a MOSFET in a deck without hierarchy, and with it."""
    if not device.whole:
        return device.flat_name, device.spice_name
    element = whole[device.library].element
    return f"{element[0]}.{device.flat_name}.{element}", f"{element[0]}.{'.'.join(device.path)}.{element}"
