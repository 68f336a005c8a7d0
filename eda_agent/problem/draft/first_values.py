"""First values are those of names that a netlist leaves without a value, where the kind of the circuit says more than
the device: the resistor that loads a charge pump, and the output device of a regulator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from eda_agent.problem.draft.bare import starting_sizes
from eda_agent.problem.draft.circuit_class import CircuitClass
from eda_agent.problem.draft.pump_loads import pump_loads
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.structure import Structure

_PUMP_LOAD = "1meg"
"""Ohm: some microamperes, as capacitors of a few picofarads pump."""
_LOAD_CURRENT, _SHAPE_PER_A = 1e-3, 750e3
"""A, and W over L per A: strong inversion at 1.8 V, so that the output device carries its load near the supply."""
_UNIT = 20e-6
"""m: the widest unit of an output device."""


def first_values(
    structure: Structure, kind: CircuitClass, netlist: Netlist, subckt: str, pdk: Pdk, unset: Mapping[str, str]
) -> dict[Edit, str]:
    """Place of a `.param` → its text.

    Args:
        structure: the circuit.
        kind: its class.
        netlist: with a `.param` for each unset name.
        subckt: the cell to size.
        pdk: of its devices.
        unset: name → the value that it has.
    """
    found: dict[str, str] = {}
    scope = netlist.subcircuits[subckt]
    if kind.name == "charge pump":
        names = (_name(scope.device(label), "", unset) for label in pump_loads(structure, kind.ports["out"]))
        found |= {name: _PUMP_LOAD for name in names if name}
    if kind.name in {"regulator", "regulator with its divider"}:
        for fet in structure.fets:
            if fet.drain == kind.ports["out"] and fet.source == structure.vdd:
                found |= _output_device(scope.device(fet.name), pdk, unset)
    return {Edit("", "", name.lower()): text for name, text in found.items()}


def values_words(values: Mapping[Edit, str]) -> str:
    """What is said of them."""
    listed = ", ".join(f"{edit.attribute} = {text}" for edit, text in values.items())
    return f"of these, {listed} follow from the kind of the circuit"


def _name(device: Device | None, key: str, unset: Mapping[str, str]) -> str:
    """The unset name that alone is a size of a device, or its value; "" if there is none."""
    text = "" if device is None else device.params.get(key, "") if key else device.value
    plain = text.strip("'{} \t").lower()
    return next((name for name in unset if name.lower() == plain), "")


def _output_device(device: Device | None, pdk: Pdk, unset: Mapping[str, str]) -> dict[str, str]:
    rule = pdk.device(device.value) if device is not None else None
    names = {key: _name(device, key, unset) for key in "wlm"}
    if rule is None or not (names["w"] and names["l"]):
        return {}
    length = starting_sizes(rule, pdk)["l"] / 3
    length, grid = max(length, rule.length[0]), 2 * pdk.grid
    width = _LOAD_CURRENT * _SHAPE_PER_A * (rule.supply or pdk.supply) / 1.8 * length
    units = max(math.ceil(width / _UNIT), 1) if names["m"] else 1
    width = min(round(width / units / grid) * grid, rule.width[1])
    sizes = {names["w"]: f"{width / pdk.scale:.6g}", names["l"]: f"{length / pdk.scale:.6g}"}
    return sizes | ({names["m"]: str(units)} if names["m"] else {})
