"""The devices of a sizing as a layout needs them: every transistor with its sizes in SI units, its nets, and the group it must match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from eda_agent.problem.structure.recognise import recognise


def devices(problem: Problem, sizing: Mapping[str, float]) -> dict[str, Any]:
    """`devices`: a mapping each with name, kind (nmos, pmos), w (m, all fingers of one copy), l (m), nf, m, nets (drain, gate, source, bulk),
    block (number of its matched group, None for none), role, model (what the netlist calls it). `rails`: negative, positive. `others`: names of devices that are no transistors.
    `cards`: every device of the flat circuit in order, drawn or not, as its line in SPICE: name, nets, model, value, values (parameter → number in the units of the
    PDK's netlists), transistor (whether it is among `devices`), scale (m in a unit of w and l). `ports`: of the circuit. `parameters`: name → the devices that follow it.
    """  # fmt: skip
    edits = problem.space.edits(sizing)
    flat = Elaboration(problem.netlist, problem.subckt, stub_devices(problem.pdk), tuple(edits)).devices(edits)
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    kinds = {fet.name: fet for fet in structure.fets}
    blocks = {name: number for number, group in enumerate(structure.matched) for name in group}
    rows, others, cards = [], [], []
    for device in flat:
        cards.append(_card(device, device.label in kinds and {"w", "l"} <= device.values.keys(), problem.pdk.scale))
        fet = kinds.get(device.label)
        if fet is None or not {"w", "l"} <= device.values.keys():
            others.append(device.label)
            continue
        rows.append(
            {
                "name": device.label, "kind": fet.type, "w": device.values["w"] * problem.pdk.scale, "l": device.values["l"] * problem.pdk.scale,
                "nf": round(device.values.get("nf", 1.0)), "m": round(device.values.get("m", device.values.get("mult", 1.0))),
                "nets": [net.removeprefix("xdut.") for net in device.nodes[:4]], "block": blocks.get(device.label), "role": structure.roles.get(device.label, ""),
                "model": device.library or device.model,
            }
        )  # fmt: skip
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
    }


_VALUE = {"r": "resistance", "c": "capacitance", "l": "inductance", "i": "dc", "v": "dc"}
"""Kind of a plain device → its value that stands without a name."""


def _card(device: FlatDevice, transistor: bool, scale: float) -> dict[str, Any]:
    values = dict(device.values)
    main = _VALUE.get(device.kind) if not device.library else None
    name = device.label
    letter = "x" if device.library else device.kind
    if not name.lower().startswith(letter):
        # what stands in a subcircuit begins with that one's letter
        name = f"{letter}.{name}"
    return {
        "name": name, "nets": [net.removeprefix("xdut.") for net in device.nodes], "model": device.library or ("" if main else device.model),
        "value": f"{values.pop(main):.10g}" if main in values else "", "values": values, "transistor": transistor, "scale": scale,
    }  # fmt: skip
