"""The tool `init`: a spec for a bare netlist, with the client's answers and targets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent.api.drafts import argument_name
from eda_agent.errors import InputError
from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.draft import read_answers
from eda_agent.problem.draft.kinds import CHOICES
from eda_agent.problem.load_corners import SETS
from eda_agent.run.drafting import draft_spec
from eda_agent.server.confined import Root
from eda_agent.server.tool import TEXT, ServerTool, arguments
from eda_agent.units import base_unit

ANSWERS = ("kind", "ports", "bias", "supply", "load", "vcm", "settings", "size", "keep")
TEXTS = {"type": "array", "items": TEXT}
AMOUNT = {"type": ["number", "string"]}


def _init(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    netlist = _spice(root, given["netlist"])
    pdk = given.get("pdk")
    if pdk is not None and pdk.endswith((".yaml", ".yml")):
        root.path(str(netlist.parent / pdk))
    found = draft_spec(
        netlist,
        root.path(given["out"]) if "out" in given else None,
        pdk=pdk,
        subckt=given.get("subckt"),
        cace=root.existing(given["cace"]) if "cace" in given else None,
        force=given.get("force", False),
        simulate=given.get("simulate", True),
        targets=given.get("targets"),
        answers=read_answers(**{name: given[name] for name in ANSWERS if name in given}, option=argument_name),
        decks=[_spice(root, deck) for deck in given.get("decks", ())],
        corners=given.get("corners"),
    )
    return {
        **found,
        **{name: root.name(Path(found[name])) for name in ("spec", "netlist", "deck") if found[name]},
        "guessed": [_guess(row) for row in found["guessed"]],
        "measured": _with_units(found["measured"]),
    }


def _spice(root: Root, name: str) -> Path:
    path = root.existing(name)
    if path.suffix == ".sch":
        raise InputError("a schematic needs xschem, which runs its scripts\n    → netlist it, and name the netlist")
    return path


def _guess(row: Mapping[str, str]) -> dict[str, str]:
    """A guess with the argument of `init` that changes it, or its place in the spec, which `edit` changes."""
    name = argument_name(row["option"].removeprefix("--"))
    how = f'{name}: ["{row["key"]}=…"]' if row["key"] else f"{name}: …" if name else f"edit: {row['place']}"
    return {"what": row["what"], "value": row["value"], "why": row["why"], "change": how}


def _with_units(measured: Mapping[str, float | None] | None) -> dict[str, dict[str, Any]] | None:
    """Spec → value and unit; a result of a designer's own deck has no unit."""
    if measured is None:
        return None
    return {name: {"value": value, "unit": _unit(name)} for name, value in measured.items()}


def _unit(spec: str) -> str:
    # a draft names its specs after their metrics, but for the margin of saturation
    metric = {**METRICS, **BIAS_METRICS}.get("saturation_margin" if spec == "saturation" else spec)
    return base_unit(metric.unit) if metric is not None else ""


INIT = ServerTool(
    "init",
    "Draft a spec.yaml from a SPICE netlist: it recognises the circuit, chooses parameters and testbenches, measures"
    " the netlist's own sizes and sets targets a step beyond them, or yours. Read guessed, doubts, noticed and"
    " untested, and answer by calling it again with force, or change the spec with edit.",
    arguments(
        {
            "netlist": {**TEXT, "description": "SPICE or CDL netlist or testbench below the root"},
            "decks": {**TEXTS, "description": "further testbenches of the same circuit"},
            "out": {**TEXT, "description": "folder of the spec, or its file NAME.yaml; default: the netlist's folder"},
            "pdk": {**TEXT, "description": "sky130A, gf180mcuD, ihp-sg13g2 …; default: by the netlist's models"},
            "subckt": {**TEXT, "description": "the subcircuit to size"},
            "force": {"type": "boolean", "description": "replace an existing spec"},
            "corners": {
                "type": "string",
                "enum": list(SETS),
                "description": "corners that the spec simulates and in which its targets hold; default nominal",
            },
            "simulate": {"type": "boolean", "description": "default true; false: common targets, nothing measured"},
            "kind": {**TEXT, "description": f"what the circuit is: {', '.join(CHOICES)}"},
            "ports": {**TEXTS, "description": 'the port of a role: ["vdd=AVDD", "inn=vm"]'},
            "bias": {**TEXTS, "description": 'how a port is held: ["ib=10u", "vb=0.9V", "en=high"]'},
            "supply": {**AMOUNT, "description": "supply voltage, V"},
            "load": {**AMOUNT, "description": "load capacitance at the output, F"},
            "vcm": {**AMOUNT, "description": "common mode of the inputs, V"},
            "settings": {
                **TEXTS,
                "description": 'settings of the testbenches: ["load_current=10m", "vref=1.2"]; metrics with kind lists'
                " them",
            },
            "size": {**TEXTS, "description": "size these devices or parameters only"},
            "keep": {**TEXTS, "description": "keep these as they are"},
            "cace": {**TEXT, "description": "a CACE datasheet whose targets are taken"},
            "targets": {
                "type": "object",
                "description": 'metric → bounds: {"gbw": {"minimum": "20M"}, "power": {"maximum": "200u"}}; the other'
                " metrics keep drafted targets; the tool metrics lists them",
            },
        },
        ["netlist"],
    ),
    _init,
)
