"""Units of a transistor: one that is wider than the PDK's models cover, as an extraction writes merged fingers, becomes
equal units in parallel.
"""

from __future__ import annotations

import math

from eda_agent.problem.draft.units_of_capacitors import is_number
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import DeviceRule, Pdk
from eda_agent.problem.size_places import own_value
from eda_agent.units import format_quantity

_SLACK = 1e-9
"""Relative: a width on the limit is not above it."""
_FINGERS = ("nf", "ng")
_JUNCTIONS = ("as", "ad", "ps", "pd")


def transistors_in_units(netlist: Netlist, subckt: str, pdk: Pdk, said: list[str]) -> dict[Edit, str]:
    """Place → text of the widths, junctions and multipliers of transistors whose fingers are wider than the models
    cover. The whole width stays. Only sizes written as numbers are divided.
    """
    result: dict[Edit, str] = {}
    for cell in netlist.reached(subckt):
        for device in cell.devices:
            rule = pdk.device(device.value) if device.kind in "xm" else None
            if rule is not None and rule.type in {"nmos", "pmos"} and rule.sized and math.isfinite(rule.width[1]):
                result |= _divided(netlist, subckt, cell.name, device, rule, pdk, said)
    return result


def _divided(
    netlist: Netlist, subckt: str, scope: str, device: Device, rule: DeviceRule, pdk: Pdk, said: list[str]
) -> dict[Edit, str]:
    def number(name: str) -> float | None:
        place = Edit(scope, device.name, name)
        return own_value(place, netlist, subckt) if is_number(device, place) else None

    width = number("w")
    fingers = next((number(name) for name in _FINGERS if name in device.params), 1.0)
    units = number("m") if "m" in device.params else 1.0
    if width is None or fingers is None or units is None:
        return {}
    scale = pdk.scale if device.kind == "x" else 1.0
    parts = math.ceil(width * scale / fingers / rule.width[1] * (1 - _SLACK))
    if parts < 2:
        return {}
    whole, unit = (format_quantity(one * scale, "m") for one in (width, width / parts))
    said.append(
        f"{device.name.upper()} is {whole} wide, more than the models of {rule.name} cover: it becomes"
        f" {parts * units:g} units of {unit}"
    )
    texts = {"w": f"{width / parts:.10g}", "m": f"{parts * units:g}"}
    texts |= {"mult": texts["m"]} if "mult" in device.params else {}
    texts |= {name: f"{value / parts:.6g}" for name in _JUNCTIONS if (value := number(name)) is not None}
    return {Edit(scope, device.name, name): text for name, text in texts.items()}
