"""`operating_points` lists the bias of every MOSFET, and the node voltages, of a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.agent.prompt.devices import nodes_text, points_text
from eda_agent.problem.spec import Problem
from eda_agent.tools.tool import CORNER, TURN, Context, Result, Schema, Tool, arguments_schema


def _parameters(_problem: Problem) -> Schema:
    return arguments_schema({"turn": TURN, "corner": CORNER})


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    found = context.look(context.sizing(arguments.get("turn")), arguments.get("corner"))
    if not found.points:
        why = "; ".join(f"{bench}: {failure.kind}" for bench, failure in found.failures.items())
        return Result(
            {"corner": found.corner, "devices": {}}, f"no operating point in {found.corner} ({why or 'none'})"
        )
    devices = {
        name: {**point.data(), "region": point.region, **found.capacitances.get(name, {})}
        for name, point in found.points.items()
    }
    lines = [f"in {found.corner}", points_text(found.points, found), nodes_text(context.problem, found)]
    return Result(
        {"corner": found.corner, "devices": devices, "nodes": dict(found.nodes)}, "\n".join(filter(None, lines))
    )


TOOL: Tool = Tool(
    "operating_points",
    "Bias of every transistor and the node voltages of a turn, in one corner. Costs no simulation of the budget.",
    _parameters,
    _run,
)
