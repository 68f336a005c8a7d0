"""Units of a capacitor: one that a netlist draws larger than the PDK allows becomes equal units in parallel."""

from __future__ import annotations

import math

from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import DeviceRule, Pdk
from eda_agent.problem.size_places import own_value
from eda_agent.units import format_quantity

_SLACK = 1e-9
"""Relative: a size on the limit is not above it."""


def in_units(netlist: Netlist, subckt: str, pdk: Pdk, said: list[str]) -> dict[Edit, str]:
    """Place → text of the widths, lengths and multipliers of capacitors that are larger than the PDK allows.

    The area stays, and the perimeter grows with the number of units. Only sizes written as numbers are divided.
    """
    result: dict[Edit, str] = {}
    for cell in netlist.reached(subckt):
        for device in cell.devices:
            rule = pdk.device(device.value) if device.kind == "x" else None
            if rule is not None and rule.type == "capacitor" and rule.sized:
                result |= _divided(netlist, subckt, cell.name, device, rule, pdk, said)
    return result


def _divided(
    netlist: Netlist, subckt: str, scope: str, device: Device, rule: DeviceRule, pdk: Pdk, said: list[str]
) -> dict[Edit, str]:
    places = [Edit(scope, device.name, name) for name in rule.names]
    multiplier = Edit(scope, device.name, "m")
    sizes = [own_value(place, netlist, subckt) if is_number(device, place) else None for place in places]
    units = own_value(multiplier, netlist, subckt) if "m" in device.params else 1.0
    if None in sizes or units is None:
        return {}
    known = [size * pdk.scale for size in sizes if size is not None]
    parts = [
        max(1, math.ceil(size / most * (1 - _SLACK)))
        for size, (_, most) in zip(known, (rule.width, rule.length), strict=True)
    ]
    least = min(size / part / low for size, part, (low, _) in zip(known, parts, (rule.width, rule.length), strict=True))
    if math.prod(parts) == 1 or least < 1 - _SLACK:
        return {}
    one = [size / part for size, part in zip(known, parts, strict=True)]
    shown = " by ".join(format_quantity(size, "m") for size in known)
    unit = " by ".join(format_quantity(size, "m") for size in one)
    count = math.prod(parts) * units
    said.append(
        f"{device.name.upper()} is {shown}, larger than {rule.name} may be: it becomes {count:g} units of {unit} (the"
        " same area, a longer edge)"
    )
    texts = {place: f"{size / pdk.scale:.10g}" for place, size in zip(places, one, strict=True)}
    twin = {Edit(scope, device.name, "mult"): f"{count:g}"} if "mult" in device.params else {}
    return {**texts, multiplier: f"{count:g}", **twin}


def is_number(device: Device, place: Edit) -> bool:
    """Whether a parameter of a device is written as a number."""
    text = device.params.get(place.attribute, "")
    try:
        float(text.rstrip("uUnNmM"))
    except ValueError:
        return False
    return True
