"""The JSON schema of spec.yaml, for editors and programs. It is made from the tables that the loader itself uses.

A schema knows the form of a file only. `load_problem` checks what depends on the netlist, the PDK or another key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eda_agent.metrics import METRICS, Metric
from eda_agent.problem import layout, load_budget, load_measures, load_specs
from eda_agent.problem.bench import script_loading
from eda_agent.problem.bias import BIAS_METRICS, REGIONS
from eda_agent.problem.load import KEYS, NEEDED
from eda_agent.problem.load_corners import SETS
from eda_agent.problem.load_match import RATIO_KEYS
from eda_agent.problem.load_space import PARAMETER_KEYS
from eda_agent.problem.load_testbench import BIAS_KEYS, read_template, template_names
from eda_agent.problem.pdk import pdk_names
from eda_agent.problem.selection import KINDS

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
QUANTITY: Schema = {
    "type": ["number", "string"],
    "description": "a number, with prefix and unit if any: 4.7u, 10 MHz, 1e-6",
}
SWITCH: Schema = {"type": ["boolean", "string"]}
NAMES: Schema = {"type": "array", "items": TEXT}


def spec_schema() -> Schema:
    """The schema of a whole spec.yaml (JSON Schema, draft 2020-12)."""
    corner = _map(QUANTITY, {"process": TEXT})
    parts: dict[str, Schema] = {
        "name": TEXT,
        "circuit": {**TEXT, "description": "the netlist, a path relative to this file"},
        "subckt": {**TEXT, "description": "the subcircuit that is sized"},
        "pdk": {"anyOf": [{"enum": pdk_names()}, {"type": "string", "pattern": r"\.ya?ml$"}]},
        "include": NAMES,
        "parameters": {**_map(_parameter()), "minProperties": 1},
        "match": {"type": "array", "items": NAMES},
        "mirrors": {"type": "array", "items": NAMES},
        "ratios": _map(_object(RATIO_KEYS, {"of": TEXT, "ratio": QUANTITY})),
        "ports": _map(TEXT),
        "bias": _map(
            _object(
                BIAS_KEYS,
                {"current": QUANTITY, "voltage": QUANTITY, "resistance": QUANTITY, "from": QUANTITY}
                | {"to": {"enum": ["vdd", "vss"]}},
            )
        ),
        "layout": {"anyOf": [{"enum": ["on", "off", True, False]}, _layout()]},
        "testbenches": _map({"anyOf": [*map(_template, template_names()), _own_testbench()]}),
        "measures": _map(_measure()),
        "specs": {
            **_map(_spec(), {name: _spec(metric) for name, metric in {**METRICS, **BIAS_METRICS}.items()}),
            "minProperties": 1,
        },
        "corners": {
            "anyOf": [
                {"enum": list(SETS)},
                {"type": "array", "items": corner},
                _object(("cross",), {"cross": _cross()}, ("cross",)),
                _map(corner),
            ]
        },
        "budget": _budget(),
    }
    top = _object(KEYS, parts, NEEDED)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "spec.yaml of eda-agent", **top}


def _object(keys: Iterable[str], parts: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """A mapping with these keys and no other. A key of the loader without a part is a `KeyError`."""
    return {
        "type": "object",
        "properties": {key: parts[key] for key in keys},
        "required": list(required),
        "additionalProperties": False,
    }


def _map(values: Schema, named: Mapping[str, Schema] | None = None) -> Schema:
    """A mapping from names to values of one kind; some names may have a schema of their own."""
    return {"type": "object", "properties": dict(named or {}), "additionalProperties": values}


def _parameter() -> Schema:
    parts = {**dict.fromkeys(("min", "max", "step", "start"), QUANTITY), "scale": {"enum": ["lin", "log"]}}
    return _object(
        PARAMETER_KEYS, {**parts, "unit": TEXT, "role": TEXT, "integer": SWITCH, "lock": SWITCH}, ("min", "max")
    )


def _layout() -> Schema:
    fold = {"type": ["number", "string", "boolean"]}
    return _object(
        layout.KEYS, {"fold": fold, "grid": QUANTITY, "table": TEXT, "areas": {"enum": ["drawn", "netlist"]}}
    )


def _template(name: str) -> Schema:
    data = read_template(name)
    settings = {
        key: {**QUANTITY, "description": f"{entry['unit'] or 'a number'}, by default {entry['default']}"}
        for key, entry in data["settings"].items()
    }
    measures = f"measures {', '.join(data['metrics'])}"
    found = _object(
        ("template", *settings), {"template": {"const": name, "description": measures}, **settings}, ("template",)
    )
    return {"title": data["title"], **found}


def _own_testbench() -> Schema:
    about = "a designer's testbench that measures by itself, or a deck with an instance Xdut and probes"
    supply = {**TEXT, "description": "the voltage source or the parameter that has the corner's vdd"}
    script = _object(
        script_loading.KEYS,
        {
            "file": {**TEXT, "description": "a Python file with postprocess(results, conditions); needs --allow-code"},
            "inputs": _map(TEXT),
            "results": {"type": "array", "items": TEXT},
            "conditions": _map(QUANTITY),
            "root": TEXT,
        },
        ("file", "results"),
    )
    known = {"deck": {**TEXT, "description": about}, "probes": _map(TEXT), "supply": supply, "script": script}
    found = _map(QUANTITY, known)
    return {"title": "a deck of your own", **found, "required": ["deck"]}


def _measure() -> Schema:
    parts: dict[str, Schema] = {
        "testbench": TEXT,
        "analysis": {"enum": list(load_measures.KINDS)},
        "unit": TEXT,
        "ramp": {"enum": ["log", "linear"]},
        "span": QUANTITY,
        "meas": TEXT,
        "python": TEXT,
        "description": {**TEXT, "maxLength": load_measures.MAX_DEFINITION},
    }
    how = [{"required": ["meas"]}, {"required": ["python"]}]
    return {**_object(load_measures.KEYS, parts, ("testbench", "analysis")), "anyOf": how}


def _spec(metric: Metric | None = None) -> Schema:
    device = {"anyOf": [TEXT, _object(KINDS, dict.fromkeys(KINDS, TEXT))]}
    parts: dict[str, Schema] = {
        "metric": TEXT,
        "testbench": TEXT,
        "unit": TEXT,
        **dict.fromkeys(("minimum", "maximum", "weight", "worst"), QUANTITY),
        "objective": {"enum": ["minimize", "maximize"]},
        "corners": NAMES,
        "region": {"enum": list(REGIONS)},
        "devices": {"anyOf": [*device["anyOf"], {"type": "array", "items": device}]},
    }
    found = _object(load_specs.KEYS, parts)
    return found if metric is None else {"description": f"{metric.definition} ({metric.unit or 'a number'})", **found}


def _cross() -> Schema:
    axis = {"anyOf": [QUANTITY, {"type": "array", "items": QUANTITY}]}
    return _map(axis)


def _budget() -> Schema:
    parts = {**dict.fromkeys(("simulations", "timeout", "patience"), QUANTITY), "until": {"enum": ["met", "spent"]}}
    return _object(load_budget.KEYS, parts)
