"""The tools that measure before a run: simulate sizings, ask about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.api.ask import QUESTIONS, ask
from eda_agent.api.circuit import load
from eda_agent.api.evaluate import simulate
from eda_agent.server.confined import Root
from eda_agent.server.tool import SIZING, TARGET, ServerTool, arguments

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


def _simulate(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    circuit = load(root.target(given["target"]), turn=given.get("turn"))
    batch = simulate(circuit, given.get("sizings") or [{}])
    best = batch.best
    rows = [_short(one.data, given.get("details", len(batch) == 1)) for one in batch]
    return {"results": rows, "best": list(batch).index(best), "met": any(one.met for one in batch)}


SHOWN = (
    "value",
    "bound",
    "unit",
    "minimum",
    "maximum",
    "margin_value",
    "margin_percent",
    "margin",
    "met",
    "at",
    "worst_corner",
    "why",
)


def _short(data: Mapping[str, Any], details: bool) -> dict[str, Any]:
    specs = {
        spec: {name: row[name] for name in SHOWN if row.get(name) not in (None, "")}
        for spec, row in data["specs"].items()
    }
    found = {name: data[name] for name in ("score", "met", "merit", "sizing", "at_limit", "failures", "unsound")}
    more = {"operating_points": data["operating_points"], "values": data["values"]} if details else {}
    return {**found, "specs": specs, **more}


SIMULATE = ServerTool(
    "simulate",
    "Simulate one or many sizings side by side in every testbench and corner, outside a run. Each result has score, the"
    " specs in their worst corner with their margin (negative: missed) in the spec's unit (margin_value), in percent of"
    " the target (margin_percent) and on the scale of the score (margin), and with details the operating points.",
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
