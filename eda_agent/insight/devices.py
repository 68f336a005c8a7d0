"""The devices of a sizing for a layout: every transistor with its sizes in SI units, its nets, and the group that it
must match.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.klayout.drawn_size import DIGITS, told
from eda_agent.problem.drawn import JUNCTIONS, Transistors
from eda_agent.problem.drawn_sizes import drawn_sizes
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from eda_agent.units import format_quantity


def devices(problem: Problem, sizing: Mapping[str, float]) -> dict[str, Any]:
    """The content of a layout, as in the schematic.

    `devices`: one mapping each with name, kind (nmos, pmos), w (m, all fingers of one copy), l (m), nf, m, nets (drain,
    gate, source, bulk),
    block (number of its matched group, None for none), role, model (its name in the netlist), span (the ranges of w and
    l that the parameters allow). `rails`: negative,
    positive. `others`: names of devices that are not transistors.
    `cards`: every device of the flat circuit in order, drawn or not, as its line in SPICE: name, nets, model, value,
    values (parameter → number in the units of the
    PDK's netlists), transistor (whether it is among `devices`), scale (m in a unit of w and l). `ports`: of the
    circuit. `parameters`: name → the devices that follow it.
    `layout`: the folds that the run simulated (`problem.layout`), None without any. `rounded`: a line for each locked
    parameter with another drawn value.
    """
    found = Transistors(problem)
    flat = found.flat(sizing)
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "w": one.width,
            "l": one.length,
            "nf": one.nf,
            "m": one.m,
            "nets": list(one.nets),
            "block": one.block,
            "role": one.role,
            "model": one.model,
            "span": one.span,
        }
        for one in found.of(flat)
    ]
    others = [device.label for device in flat if not found.drawn(device)]
    cards = [_card(device, found, problem.pdk) for device in flat]
    structure = found.structure
    follow = {name: list(effect.devices) for name, effect in effects(problem).items()}
    short = [net.removeprefix("xdut.") for net in (structure.vss, structure.vdd)]
    return {
        "name": problem.subckt,
        "ports": list(structure.ports),
        "pdk": problem.pdk.name,
        "devices": rows,
        "cards": cards,
        "rails": short,
        "others": others,
        "parameters": follow,
        "layout": problem.layout.data() if problem.layout else None,
        "rounded": _rounded(problem, sizing),
    }


def _rounded(problem: Problem, sizing: Mapping[str, float]) -> list[str]:
    sizes = drawn_sizes(problem)
    result = []
    for one in problem.space.parameters:
        row = {name: getattr(one, name) for name in ("name", "unit", "minimum", "maximum", "step", "locked")}
        if one.locked and (found := told(sizing[one.name], {**row, "step": None}, sizes)):
            value = format_quantity(sizing[one.name], one.unit, DIGITS)
            result.append(f"{one.name} is locked at {value}; on the grid it is simulated and drawn as {found}")
    return result


_VALUE = {"r": "resistance", "c": "capacitance", "l": "inductance", "i": "dc", "v": "dc"}
"""Kind of a plain device → its value that is written without a name."""


def _card(device: FlatDevice, transistors: Transistors, pdk: Pdk) -> dict[str, Any]:
    values = dict(device.values)
    if device.library:
        # a global parameter of that name is not a junction of the device
        given = transistors.device(transistors.line(device)).params
        rule = pdk.device(device.library)
        names = {"nf": rule.fingers} if rule is not None and rule.is_fet else {}
        values = {
            names.get(name, name): value for name, value in values.items() if name not in JUNCTIONS or name in given
        }
    main = _VALUE.get(device.kind) if not device.library else None
    name = device.label
    letter = "x" if device.library else device.kind
    if not name.lower().startswith(letter):
        # the name of a device inside a subcircuit begins with the subcircuit's letter
        name = f"{letter}.{name}"
    return {
        "name": name,
        "nets": [net.removeprefix("xdut.") for net in device.nodes],
        "model": device.library or ("" if main else device.model),
        "value": f"{values.pop(main):.10g}" if main in values else "",
        "values": values,
        "transistor": transistors.drawn(device),
        "scale": pdk.scale,
    }
