"""The devices of a sizing as a layout needs them: every transistor with its sizes in SI units, its nets, and the group it must match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.pdk.stand_in import stand_ins
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from eda_agent.problem.structure.recognise import recognise


def devices(problem: Problem, sizing: Mapping[str, float]) -> dict[str, Any]:
    """`devices`: a mapping each with name, kind (nmos, pmos), w (m, all fingers of one copy), l (m), nf, m, nets (drain, gate, source, bulk),
    block (number of its matched group, None for none), role. `rails`: negative, positive. `others`: names of devices that are no transistors.
    `ports`: of the circuit. `parameters`: name → the devices that follow it.
    """  # fmt: skip
    edits = problem.space.edits(sizing)
    flat = Elaboration(problem.netlist, problem.subckt, stand_ins(problem.pdk), tuple(edits)).devices(edits)
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    kinds = {fet.name: fet for fet in structure.fets}
    blocks = {name: number for number, group in enumerate(structure.matched) for name in group}
    rows, others = [], []
    for device in flat:
        fet = kinds.get(device.label)
        if fet is None or not {"w", "l"} <= device.values.keys():
            others.append(device.label)
            continue
        rows.append(
            {
                "name": device.label, "kind": fet.type, "w": device.values["w"] * problem.pdk.scale, "l": device.values["l"] * problem.pdk.scale,
                "nf": round(device.values.get("nf", 1.0)), "m": round(device.values.get("m", device.values.get("mult", 1.0))),
                "nets": [net.removeprefix("xdut.") for net in device.nodes[:4]], "block": blocks.get(device.label), "role": structure.roles.get(device.label, ""),
            }
        )  # fmt: skip
    follow = {name: list(effect.devices) for name, effect in effects(problem).items()}
    short = [net.removeprefix("xdut.") for net in (structure.vss, structure.vdd)]
    return {
        "name": problem.subckt,
        "ports": list(structure.ports),
        "pdk": problem.pdk.name,
        "devices": rows,
        "rails": short,
        "others": others,
        "parameters": follow,
    }
