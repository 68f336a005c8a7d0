"""The forms of events: the fields of each type. A journal is checked against them, and `record.schemas` publishes them
as JSON schema.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.record.event_kinds import (
    COUNT,
    FLAG,
    MAP,
    MAPS,
    MAYBE_NUMBER_SCHEMA,
    NUMBER,
    NUMBER_SCHEMA,
    POINT_SCHEMA,
    RESULT_SCHEMA,
    SIGNED,
    SIZES,
    TEXT,
    TEXTS,
    FieldKind,
    Table,
    either,
    is_bounds,
    is_numbers,
    is_points,
    is_results,
    is_settings,
    is_triples,
    is_values,
    list_of,
    map_of,
    maybe,
    rows,
    texts_of,
)

PARAMETERS = rows(
    {
        "name": TEXT,
        "unit": TEXT,
        "minimum": NUMBER,
        "maximum": NUMBER,
        "scale": either("lin", "log"),
        "step": maybe(NUMBER),
        "role": TEXT,
        "locked?": FLAG,
        "least?": NUMBER,
        "most?": NUMBER,
        "lowest?": NUMBER,
        "highest?": NUMBER,
    },
    "the parameters of a run",
)
SPECS = rows(
    {
        "name": TEXT,
        "metric": TEXT,
        "unit": TEXT,
        "shown?": TEXT,
        "minimum": maybe(NUMBER),
        "maximum": maybe(NUMBER),
        "weight": NUMBER,
        "objective": maybe(TEXT),
        "worst?": maybe(NUMBER),
        "corners?": TEXTS,
        "asked?": FieldKind(is_bounds, "two bounds", {**list_of(MAYBE_NUMBER_SCHEMA), "minItems": 2, "maxItems": 2}),
        "devices?": TEXTS,
        "at?": MAP,
    },
    "the specs of a run",
)
CORNERS = rows(
    {
        "name": TEXT,
        "process": TEXT,
        "vdd": NUMBER,
        "temperature": NUMBER,
        "settings": FieldKind(is_settings, "settings", map_of({"type": ["number", "string"]})),
    },
    "the corners of a run",
)
BUDGET: Table = {
    "simulations": COUNT,
    "timeout?": NUMBER,
    "patience?": maybe(COUNT),
    "until?": either("met", "spent"),
}
RESULTS = FieldKind(is_results, "results by spec", map_of(RESULT_SCHEMA))
PROPOSAL: Table = {
    "sizing": maybe(SIZES),
    "reasoning": TEXT,
    "reply": TEXT,
    "error": TEXT,
    "notes": TEXTS,
    "policy": TEXT,
    "asked?": {"simulations?": COUNT, "batch?": COUNT, "usage?": MAP},
}
EVALUATION: Table = {
    "values": FieldKind(is_values, "values by corner and spec", map_of(map_of(MAYBE_NUMBER_SCHEMA))),
    "reasons": FieldKind(is_triples, "reasons by corner and spec", list_of(texts_of(3))),
    "bounds?": FieldKind(is_triples, "bounds by corner and spec", list_of(texts_of(3))),
    "failures": FieldKind(lambda value: is_triples(value, 4), "failures by testbench and corner", list_of(texts_of(4))),
    "operating_points": FieldKind(is_points, "operating points by device", map_of(POINT_SCHEMA)),
    "jobs": COUNT,
    "cached": COUNT,
    "seconds": NUMBER,
}
SUMMARY: Table = {
    "index": COUNT,
    "score": NUMBER,
    "met": FLAG,
    "sizing": maybe(SIZES),
    "merit?": maybe(NUMBER),
    "specs?": RESULTS,
}
TURN: Table = {**SUMMARY, "evaluation?": EVALUATION, "proposal": PROPOSAL}
MEASURED: Table = {**SUMMARY, "sizing": SIZES, "specs": RESULTS}
TURNS = rows(SUMMARY, "turns with their scores")
OPENED: Table = {
    "version?": TEXT,
    "request?": MAP,
    "going?": MAP,
    "spec?": TEXT,
    "fingerprint?": MAP,
    "weights?": TEXT,
    "targets?": {"specs": MAP, "budget": MAP},
}
LEFT = rows(
    {"device": TEXT, "region": TEXT, "corner": TEXT, "short": maybe(NUMBER), "corners": TEXTS, "text": TEXT},
    "devices that left saturation",
)
FORMS: Mapping[str, Table] = {
    "hello": {"sandbox?": TEXTS, "version?": TEXT},
    "run.started": {
        "problem": TEXT,
        "folder": TEXT,
        "policy": TEXT,
        "seed": SIGNED,
        "budget": BUDGET,
        "workers?": maybe(COUNT),
        "parallel?": maybe(COUNT),
        "seeds?": FieldKind(
            lambda value: type(value) is list and all(map(is_numbers, value)), "sizings", list_of(map_of(NUMBER_SCHEMA))
        ),
        "resumed?": FLAG,
        "forced?": FLAG,
        "layout?": maybe(MAP),
        "drawn?": maybe(MAP),
        "wires?": maybe(MAP),
        "corner_set?": maybe(TEXT),
        "skip?": maybe(FLAG),
        "corners": TEXTS,
        "corner_table?": CORNERS,
        "specs": SPECS,
        "parameters": PARAMETERS,
        "saturated?": TEXTS,
        "opened?": OPENED,
    },
    "baseline": {**TURN, **MEASURED, "evaluation": EVALUATION},
    "turn.evaluated": TURN,
    "turn.proposed": {"index": COUNT, "seconds?": NUMBER, **PROPOSAL},
    "best.updated": MEASURED,
    "sim.failed": {"index": COUNT, "testbench": TEXT, "corner": TEXT, "kind": TEXT, "words": TEXT, "hint?": TEXT},
    "policy.changed": {"index": COUNT, "before": TEXT, "after": TEXT, "reason": TEXT, "name?": TEXT, "options?": MAP},
    "hint": {"text": TEXT},
    "review": {"on": FLAG},
    "budget.changed": {"simulations": COUNT},
    "log": {"message": TEXT, "level?": TEXT, "about?": TEXT},
    "problem.changed": {"order": MAP, "specs": SPECS, "parameters": PARAMETERS, "turns": TURNS},
    "spec.changed": {"diff?": TEXTS, "edits": MAPS, "specs": SPECS, "parameters": PARAMETERS, "turns": TURNS},
    "branched": {"turn": COUNT},
    "returned": {"turn": COUNT},
    "verified": {
        "index": COUNT,
        "met": FLAG,
        "score": NUMBER,
        "deviation?": maybe(NUMBER),
        "corners": TEXTS,
        "asked_met?": FLAG,
        "unsound?": TEXTS,
        "left_saturation?": LEFT,
        "worst?": MAP,
    },
    "run.finished": {
        "stop": TEXT,
        "score": NUMBER,
        "met": FLAG,
        "simulations": COUNT,
        "turns?": COUNT,
        "artifacts?": MAP,
    },
}
"""Type of an event → its fields (`record.events` gives their meaning)."""
