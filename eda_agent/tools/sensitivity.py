"""`sensitivity` measures how each spec reacts to 10 % more of each size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.errors import InputError
from eda_agent.problem.space import Parameter, Sizing
from eda_agent.problem.spec import Problem, Spec
from eda_agent.tools.tool import TURN, Context, Result, Schema, Tool, arguments_schema
from eda_agent.units import base_unit, plain_number

STEP = 0.1
"""Relative step of a size; at least one step of its grid."""

SMALL = 5e-4
"""Changes below this (dB, deg, V, %) are shown as 0."""


def _parameters(problem: Problem) -> Schema:
    names = {
        "type": "array",
        "items": {"type": "string", "enum": list(problem.space.names)},
        "description": "sizes; default: all",
    }
    return arguments_schema({"sizes": names, "turn": TURN})


def cost(problem: Problem, sizes: int) -> int:
    """Simulations of the budget for a number of sizes: each is simulated in one corner of several."""
    return math.ceil(sizes / len(problem.corners))


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    problem = context.problem
    names = arguments.get("sizes") or list(problem.space.names)
    chosen = [one for one in problem.space.parameters if one.name in names and one.maximum > one.minimum]
    price = cost(problem, len(chosen))
    if context.left is not None and price >= context.left:
        raise InputError(f"sensitivity costs {price} simulations and {context.left} are left; name fewer sizes")
    sizing = context.sizing(arguments.get("turn"))
    moved = [_moved(one, sizing) for one in chosen]
    corner = problem.corners[0].name
    neighbours = [{**sizing, one.name: value} for one, value in zip(chosen, moved, strict=True)]
    center, *found = context.simulator.evaluate([sizing, *neighbours], [corner])
    rows: dict[str, dict[str, float | None]] = {}
    for one, value, evaluation in zip(chosen, moved, found, strict=True):
        share = value / sizing[one.name] - 1.0
        before, after = center.values[corner], evaluation.values[corner]
        censored = {spec for where, spec in (*center.bounds, *evaluation.bounds) if where == corner}
        rows[one.name] = {
            spec.name: None
            if spec.name in censored
            else _change(spec, before.get(spec.name), after.get(spec.name), share / STEP)
            for spec in problem.specs
        }
    return Result({"corner": corner, "per": STEP, "changes": rows}, _text(problem, rows, corner), price)


def _moved(parameter: Parameter, sizing: Sizing) -> float:
    """The size 10 % up, or down at the upper end of its range; on a coarse grid one step."""
    value = sizing[parameter.name]
    for sign in (1.0, -1.0):
        step = max(STEP * value, parameter.step or 0.0)
        moved = parameter.snap(value + sign * step)
        if sign * (moved - value) > 0.2 * STEP * value:
            return moved
    return parameter.snap(value * (1 - STEP))


def _change(spec: Spec, before: float | None, after: float | None, steps: float) -> float | None:
    """The change per +10 %: of a linear spec (dB, deg, %) in its unit, of another one in % of its value."""
    if before is None or after is None or not steps:
        return None
    if spec.metric.ramp == "linear":
        return (after - before) / steps
    return 100.0 * (after / before - 1.0) / steps if before else None


def _text(problem: Problem, rows: Mapping[str, Mapping[str, float | None]], corner: str) -> str:
    units = [base_unit(spec.metric.unit) if spec.metric.ramp == "linear" else "%" for spec in problem.specs]
    head = " | ".join(f"{spec.name} [{unit}]" for spec, unit in zip(problem.specs, units, strict=True))
    lines = [f"change per +10 % of a size, in {corner}", f"size | {head}"]
    return "\n".join([*lines, *(f"{name} | {_cells(row.values())}" for name, row in rows.items())])


def _cells(values: Any) -> str:
    cells: Sequence[float | None] = list(values)
    return " | ".join(_cell(cell) for cell in cells)


def _cell(cell: float | None) -> str:
    if cell is None:
        return "?"
    return "0" if abs(cell) < SMALL else f"{'+' if cell > 0 else ''}{plain_number(cell, 2)}"


TOOL: Tool = Tool(
    "sensitivity",
    "Change of every spec per +10 % of each size, in the first corner. Each size costs a simulation in one corner;"
    " together they count as whole simulations of the budget, rounded up.",
    _parameters,
    _run,
)
