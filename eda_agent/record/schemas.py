"""The JSON schemas of what programs read and write: events, results, errors and commands (`eda-agent schema NAME`).

A new key may appear in any object, so readers ignore keys that they do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eda_agent.agent.commands import command_schema
from eda_agent.problem.spec_schema import spec_schema
from eda_agent.record.event import VERSION
from eda_agent.record.event_forms import EVALUATION, FORMS
from eda_agent.record.event_kinds import POINT_SCHEMA, RESULT_SCHEMA, Schema, list_of, map_of, table_schema

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
MAYBE: Schema = {"type": ["number", "null"]}
DRAFT = "https://json-schema.org/draft/2020-12/schema"
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}


def _object(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these keys, and perhaps others."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
    }


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


SPEC_ROW = _object(
    {
        **RESULT_SCHEMA["properties"],
        "minimum": MAYBE,
        "maximum": MAYBE,
        "target": NUMBER,
        "unit": TEXT,
        "shown": TEXT,
        "margin_value": MAYBE,
        "margin_percent": MAYBE,
        "worst_corner": TEXT,
        "corners": map_of(MAYBE),
    },
    {"at": map_of(NUMBER)},
)
POINT = _object({**POINT_SCHEMA["properties"], "region": {"enum": ["off", "triode", "saturation"]}})
AT_LIMIT = list_of(_object({"parameter": TEXT, "value": NUMBER, "side": {"enum": ["minimum", "maximum"]}}))
CHANGED = _maybe(
    _object(
        {
            "against": COUNT,
            "gained": NUMBER,
            "sizes": map_of(_object({"before": NUMBER, "after": NUMBER})),
            "effect": map_of(
                _object({"before": MAYBE, "after": MAYBE, "margin_before": NUMBER, "margin_after": NUMBER})
            ),
        }
    )
)
FINDING = _object({"kind": TEXT, "specs": list_of(TEXT), "parameters": list_of(TEXT), "text": TEXT})
STEP = _object({"text": TEXT, "command": _maybe(list_of(TEXT))})


def events_schema() -> Schema:
    """One line of a journal or of `size --events`. Events of later versions have other types."""
    envelope = {"v": {"const": VERSION}, "seq": COUNT, "t": NUMBER, "type": TEXT}
    kinds = [
        {
            "if": {"properties": {"type": {"const": name}}},
            "then": table_schema(table),
        }
        for name, table in FORMS.items()
    ]
    return {"title": "an event of eda-agent", **_object(envelope), "allOf": kinds}


def result_schema() -> Schema:
    """`size --json`, and a part of `show --json`."""
    return {
        "title": "a run of eda-agent",
        **_object(
            {
                "run": TEXT,
                "problem": TEXT,
                "stop": TEXT,
                "met": FLAG,
                "score": NUMBER,
                "simulations": COUNT,
                "budget": COUNT,
                "turns": COUNT,
                "policy": TEXT,
                "policies": list_of(_object({"name": TEXT, "from": COUNT})),
                "seed": {"type": "integer"},
                "best_turn": COUNT,
                "shown_turn": COUNT,
                "seconds": NUMBER,
                "simulator_seconds": NUMBER,
                "sizing": map_of(NUMBER),
                "specs": map_of(SPEC_ROW),
                "operating_points": map_of(POINT),
                "left_saturation": list_of({"type": "object"}),
                "at_limit": AT_LIMIT,
                "curve": list_of(NUMBER),
                "testbenches": list_of(TEXT),
                "unusable": _object({"count": COUNT, "last_error": TEXT}),
                "changed": CHANGED,
                "changed_from_start": CHANGED,
                "findings": list_of(FINDING),
                "next": list_of(STEP),
            }
        ),
    }


def simulation_schema() -> Schema:
    """`sim --json`."""
    evaluation = table_schema(EVALUATION)["properties"]
    return {
        "title": "one sizing, simulated by eda-agent",
        **_object(
            {
                "score": NUMBER,
                "met": FLAG,
                "merit": NUMBER,
                "sizing": map_of(NUMBER),
                "specs": map_of(SPEC_ROW),
                **evaluation,
                "operating_points": map_of(POINT),
                "at_limit": AT_LIMIT,
                "unsound": list_of(TEXT),
            }
        ),
    }


def batch_schema() -> Schema:
    """`sim --batch FILE --json`."""
    one = simulation_schema()
    row = _object({"index": COUNT, "name": TEXT, **one["properties"]})
    return {
        "title": "many sizings, simulated by eda-agent",
        **_object({"results": list_of(row), "best": COUNT, "met": FLAG}),
    }


def sensitivity_schema() -> Schema:
    """`sensitivity --json`."""
    table = map_of(map_of(MAYBE))
    parts = {"corner": TEXT, "step": NUMBER, "slopes": table, "changes": table, "values": map_of(MAYBE)}
    return {"title": "sensitivities of a design", **_object(parts)}


def monte_carlo_schema() -> Schema:
    """`mc --json`."""
    interval = {**list_of(NUMBER), "minItems": 2, "maxItems": 2}
    spec = {
        "mean": MAYBE,
        "deviation": MAYBE,
        "yield": NUMBER,
        "interval": interval,
        "values": list_of(MAYBE),
        "bounds": list_of(TEXT),
        "minimum": MAYBE,
        "maximum": MAYBE,
        "unit": TEXT,
        "shown": TEXT,
    }
    parts = {
        "samples": COUNT,
        "seed": {"type": "integer"},
        "corners": list_of(TEXT),
        "process": FLAG,
        "passed": COUNT,
        "yield": NUMBER,
        "interval": interval,
        "specs": map_of(_object(spec)),
    }
    return {"title": "Monte Carlo of a design", **_object(parts)}


def error_schema() -> Schema:
    """What a command prints under --json if it fails."""
    kinds = ["usage", "input", "missing", "storage", "simulator", "interrupted", "other"]
    finding = {
        "message": TEXT,
        "file": _maybe(TEXT),
        "line": _maybe(COUNT),
        "where": TEXT,
        "read": TEXT,
        "fix": TEXT,
    }
    error = {"kind": {"enum": kinds}, "message": TEXT, "exit_status": COUNT, "findings": list_of(_object(finding))}
    return {"title": "an error of eda-agent", **_object({"error": _object(error)})}


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "spec": spec_schema,
    "events": events_schema,
    "result": result_schema,
    "simulation": simulation_schema,
    "batch": batch_schema,
    "sensitivity": sensitivity_schema,
    "monte_carlo": monte_carlo_schema,
    "error": error_schema,
    "command": command_schema,
}
"""Name → schema."""


def schema(name: str) -> dict[str, Any]:
    """The schema of a name of `SCHEMAS` (JSON Schema, draft 2020-12)."""
    return {"$schema": DRAFT, **SCHEMAS[name]()}
