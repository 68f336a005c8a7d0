"""An effect of a parameter is the set of devices whose values follow it, with their roles and the quantity.

It is found by elaborating the netlist with and without a step of the parameter, so expressions, shared names and
hierarchy need no rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.circuit import Structure
from eda_agent.problem.structure.recognise import recognise

QUANTITIES = (
    "other",
    "width",
    "length",
    "multiplier",
    "fingers",
    "resistance",
    "capacitance",
    "inductance",
    "voltage",
    "current",
)
_QUANTITY = {
    "w": "width",
    "l": "length",
    "m": "multiplier",
    "nf": "fingers",
    "resistance": "resistance",
    "capacitance": "capacitance",
    "inductance": "inductance",
}


@dataclass(frozen=True)
class Effect:
    """`roles`: of the following devices, the one with most devices first. `type`: nmos, pmos, both, or "" for none of
    them.

    `quantity`: one of `QUANTITIES`. `devices`: their labels.
    """

    roles: tuple[str, ...]
    quantity: str
    type: str
    devices: tuple[str, ...]


def effects(problem: Problem) -> dict[str, Effect]:
    """Parameter name → its effect."""
    space = problem.space
    places = list(space.edits(space.initial))
    elaboration = Elaboration(problem.netlist, problem.subckt, stub_devices(problem.pdk), places)
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    before = {device.label: device for device in elaboration.devices(space.edits(space.initial))}
    result = {}
    for parameter in space.parameters:
        value = parameter.initial
        other = (
            parameter.maximum if abs(parameter.maximum - value) > abs(value - parameter.minimum) else parameter.minimum
        )
        after = elaboration.devices(space.edits({**space.initial, parameter.name: other}))
        result[parameter.name] = _effect(structure, before, after)
    return result


def _effect(structure: Structure, before: Mapping[str, FlatDevice], after: list[FlatDevice]) -> Effect:
    roles: Counter[str] = Counter()
    quantities: Counter[str] = Counter()
    devices = []
    for device in after:
        then = before[device.label].values
        changed = [key for key, value in device.values.items() if value != then.get(key)]
        if not changed:
            continue
        devices.append(device.label)
        roles[structure.roles.get(device.label, "device")] += 1
        # a width also changes areas and perimeters
        key = next(
            (key for key in ("w", "l", "nf", "m", "resistance", "capacitance", "inductance") if key in changed),
            changed[0],
        )
        quantities[
            {"v": "voltage", "i": "current"}.get(device.kind, "other") if key == "dc" else _QUANTITY.get(key, "other")
        ] += 1
    types = {fet.type for fet in structure.fets if fet.name in devices}
    kind = "both" if len(types) > 1 else next(iter(types), "")
    quantity = max(quantities, key=lambda name: (quantities[name], name)) if quantities else "other"
    return Effect(tuple(sorted(roles, key=lambda role: (-roles[role], role))), quantity, kind, tuple(devices))
