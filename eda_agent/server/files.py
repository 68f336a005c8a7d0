"""The tools before a run: draft a spec, check it, simulate sizings, ask about one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent.api.ask import QUESTIONS, ask
from eda_agent.api.circuit import load
from eda_agent.api.drafts import argument_name
from eda_agent.api.evaluate import simulate
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_answers
from eda_agent.run.drafting import draft_spec
from eda_agent.server.confined import Root
from eda_agent.server.tool import SIZING, TARGET, TEXT, ServerTool, arguments

ARGUMENTS = {
    "sensitivity": ("sizes", "turn"),
    "operating_points": ("turn", "corner"),
    "noise": ("turn", "corner"),
    "waveform": ("what", "turn", "corner", "points", "start", "stop"),
    "gm_id": ("device", "L", "gm_id", "current_per_width", "corner"),
}
"""Question → its arguments, as `eda_agent.tools` has them for every circuit."""
MOST = 32
"""Sizings in one call."""
TEXTS = {"type": "array", "items": TEXT}


def _init(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    netlist = root.existing(given["netlist"])
    if netlist.suffix == ".sch":
        raise InputError("a schematic needs xschem, which runs its scripts\n    → netlist it, and name the netlist")
    pdk = given.get("pdk")
    if pdk is not None and pdk.endswith((".yaml", ".yml")):
        root.path(str(netlist.parent / pdk))
    names = ("kind", "ports", "bias", "supply", "load", "vcm", "size", "keep")
    found = draft_spec(
        netlist,
        root.path(given["out"]) if "out" in given else None,
        pdk=pdk,
        subckt=given.get("subckt"),
        force=given.get("force", False),
        targets=given.get("targets"),
        answers=read_answers(**{name: given[name] for name in names if name in given}, option=argument_name),
    )
    return {**found, **{name: root.name(Path(found[name])) for name in ("spec", "netlist") if found[name]}}


INIT = ServerTool(
    "init",
    "Draft a spec.yaml from a SPICE netlist: it recognises the circuit, chooses parameters and testbenches, measures"
    " the netlist's own sizes and sets targets a step beyond them, or yours. Read guessed, doubts and untested, and"
    " answer by calling it again with force.",
    arguments(
        {
            "netlist": {**TEXT, "description": "SPICE or CDL netlist below the root"},
            "out": {**TEXT, "description": "folder of the spec; default: the netlist's"},
            "pdk": {**TEXT, "description": "sky130A, gf180mcuD, ihp-sg13g2 …; default: by the netlist's models"},
            "subckt": {**TEXT, "description": "the subcircuit to size"},
            "force": {"type": "boolean", "description": "replace an existing spec"},
            "kind": {**TEXT, "description": "op-amp, comparator, ldo, bandgap, oscillator, tia, buffer, …"},
            "ports": {**TEXTS, "description": 'the port of a role: ["vdd=AVDD", "inn=vm"]'},
            "bias": {**TEXTS, "description": 'how a port is held: ["ib=10u", "vb=0.9V", "en=high"]'},
            "supply": {**TEXT, "description": "supply voltage, V"},
            "load": {**TEXT, "description": "load at the output, F"},
            "vcm": {**TEXT, "description": "common mode of the inputs, V"},
            "size": {**TEXTS, "description": "size these devices or parameters only"},
            "keep": {**TEXTS, "description": "keep these as they are"},
            "targets": {
                "type": "object",
                "description": 'metric → bounds: {"gbw": {"minimum": "20M"}, "power": {"maximum": "200u"}}; the other'
                " metrics keep drafted targets",
            },
        },
        ["netlist"],
    ),
    _init,
)


def _check(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    circuit = load(root.target(given["target"]))
    return {
        "name": circuit.name,
        "pdk": circuit.pdk,
        "parameters": list(circuit.parameters),
        "specs": list(circuit.specs),
        "corners": list(circuit.corners),
        "budget": circuit.problem.budget.simulations,
        "notes": [*circuit.notes, *circuit.remarks],
    }


CHECK = ServerTool(
    "check",
    "Read a spec and its netlist without simulating: parameters with ranges and present values, specs with targets,"
    " corners. Reports every fault at once.",
    arguments({"target": TARGET}, ["target"]),
    _check,
)


def _simulate(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    circuit = load(root.target(given["target"]), turn=given.get("turn"))
    batch = simulate(circuit, given.get("sizings") or [{}])
    best = batch.best
    rows = [_short(one.data, given.get("details", len(batch) == 1)) for one in batch]
    return {"results": rows, "best": list(batch).index(best), "met": any(one.met for one in batch)}


def _short(data: Mapping[str, Any], details: bool) -> dict[str, Any]:
    names = ("value", "bound", "unit", "minimum", "maximum", "margin", "met", "worst_corner", "why")
    specs = {
        spec: {name: row[name] for name in names if row[name] not in {None, ""}} for spec, row in data["specs"].items()
    }
    found = {name: data[name] for name in ("score", "met", "sizing", "at_limit", "failures", "unsound")}
    more = {"operating_points": data["operating_points"], "values": data["values"]} if details else {}
    return {**found, "specs": specs, **more}


SIMULATE = ServerTool(
    "simulate",
    "Simulate one or many sizings side by side in every testbench and corner, outside a run. Each result has score, the"
    " specs with signed margins (negative: missed) in their worst corner, and with details the operating points.",
    arguments(
        {
            "target": TARGET,
            "sizings": {"type": "array", "items": SIZING, "maxItems": MOST, "description": "default: as it is"},
            "turn": {"type": "integer", "minimum": 0, "description": "of a run: the turn whose sizes are the base"},
            "details": {"type": "boolean", "description": "with operating points; default: for a single sizing"},
        },
        ["target"],
    ),
    _simulate,
)


def _ask(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    answer = ask(root.target(given["target"]), given["question"], given.get("sizing"), **given.get("arguments", {}))
    return {"text": answer.text, "data": dict(answer.data)}


ASK = ServerTool(
    "ask",
    "Look closer at a sizing, or at a turn of a run: sensitivity (change of every spec for +10 % of each size),"
    ' operating_points (region, gm/Id, node voltages), noise (by device), waveform (arguments: what, as "loop ac"),'
    " gm_id (of a transistor at a length). Their arguments: "
    + "; ".join(f"{name}: {', '.join(names)}" for name, names in ARGUMENTS.items()),
    arguments(
        {
            "target": TARGET,
            "question": {"type": "string", "enum": list(QUESTIONS)},
            "sizing": SIZING,
            "arguments": {
                "type": "object",
                "description": 'of the question, such as {"device": "xm1", "L": "500n", "gm_id": 15}',
            },
        },
        ["target", "question"],
    ),
    _ask,
)
