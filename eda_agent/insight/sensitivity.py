"""A sensitivity is the effect of a parameter on a spec around a design, from one step to each side.

    change = (f(x₊) − f(x₋)) · ln 1.1 / ln(x₊ / x₋)              of the value f, for a size that is 10 % larger
    slope  = (margin(u₊) − margin(u₋)) / (u₊ − u₋)               of the margin, u as a share of the parameter's range

The change is what a designer reads. The slope compares parameters: 2 means that a tenth of the range changes the
margin by 0.2. A parameter that can be 0 or negative has a slope, and no change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.agent.score import margin
from eda_agent.errors import Finding, InputError
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Evaluation, Simulator

STEP, LARGEST_STEP = 0.02, 0.5
FARTHEST = 20
"""Steps within which a layout draws another size."""
STRONG = 0.5
"""Slopes from here on are marked: a tenth of the range moves the margin by 0.05."""


@dataclass(frozen=True)
class Sensitivity:
    """The effects in one corner, the first.

    `slopes`: spec → parameter → slope; `changes`: the same for changes, in SI units; None if a side could not be
    measured or is censored. `values`: spec → value of the design itself, for changes in percent.
    """

    corner: str
    slopes: Mapping[str, Mapping[str, float | None]]
    changes: Mapping[str, Mapping[str, float | None]]
    values: Mapping[str, float | None]

    def data(self, step: float) -> dict[str, Any]:
        """As JSON data, with the step."""
        return {
            "corner": self.corner,
            "step": step,
            "slopes": self.slopes,
            "changes": self.changes,
            "values": self.values,
        }


def sensitivity(problem: Problem, simulator: Simulator, sizing: Sizing, step: float = STEP) -> Sensitivity:
    """Simulate the design and two neighbours per free parameter in the first corner; `step` is a share of the range, at
    least one grid step. Raises `InputError` for a step that is none.
    """
    if not 0 < step <= LARGEST_STEP:
        raise InputError(
            Finding(
                f"a step of {step:g} is no share of a range",
                where="--step",
                fix=f"give a number above 0 and at most {LARGEST_STEP:g}, for example {STEP:g}",
            )
        )
    space = problem.space
    center = space.to_unit(sizing)
    neighbours: list[dict[str, float]] = []
    free = [number for number, parameter in enumerate(space.parameters) if parameter.maximum > parameter.minimum]
    for number in free:
        for sign in (-1, 1):
            neighbours.append(_neighbour(problem, sizing, center, number, sign, step))
    corner = problem.corners[0].name
    own, *evaluations = simulator.evaluate([dict(sizing), *neighbours], [corner])
    slopes: dict[str, dict[str, float | None]] = {spec.name: {} for spec in problem.specs}
    changes: dict[str, dict[str, float | None]] = {spec.name: {} for spec in problem.specs}
    for place, number in enumerate(free):
        name = space.parameters[number].name
        sides = slice(2 * place, 2 * place + 2)
        low, high = (space.to_unit(one)[number] for one in neighbours[sides])
        ten_percent = _ten_percent(*(one[name] for one in neighbours[sides]))
        for spec in problem.specs:
            values = [_value(evaluation, corner, spec.name) for evaluation in evaluations[sides]]
            slopes[spec.name][name] = changes[spec.name][name] = None
            if None in values or high <= low:
                continue
            slopes[spec.name][name] = (margin(spec, values[1]) - margin(spec, values[0])) / (high - low)
            if ten_percent is not None:
                changes[spec.name][name] = (values[1] - values[0]) * ten_percent
    return Sensitivity(corner, slopes, changes, {spec.name: _value(own, corner, spec.name) for spec in problem.specs})


def _value(evaluation: Evaluation, corner: str, spec: str) -> Any:
    return None if (corner, spec) in evaluation.bounds else evaluation.values[corner].get(spec)


def _ten_percent(low: float, high: float) -> float | None:
    """What 10 % are to the step from `low` to `high`; None if a size is not positive."""
    return math.log(1.1) / math.log(high / low) if 0 < low < high else None


def _neighbour(
    problem: Problem, sizing: Sizing, center: list[float], number: int, sign: int, step: float
) -> dict[str, float]:
    parameter = problem.space.parameters[number]
    moved = parameter.from_unit(center[number] + sign * step)
    for count in range(1, FARTHEST + 1):
        if moved != sizing[parameter.name] or parameter.step is None:
            break
        # a coarse grid, of the steps or of what a layout draws: the next value, if there is one
        moved = parameter.snap(sizing[parameter.name] + sign * count * parameter.step)
    return {**sizing, parameter.name: moved}
