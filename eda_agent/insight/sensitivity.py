"""A sensitivity is the slope of a spec's margin over a parameter around a design, over one step to each side.

    S = (margin(x + h) − margin(x − h)) / 2h,   x and h as shares of the parameter's range

A row thus compares parameters: S = 2 means that a tenth of the range changes the margin by 0.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_agent.agent.score import margin
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import Simulator

STEP = 0.02


@dataclass(frozen=True)
class Sensitivity:
    """`slopes`: spec → parameter → S, None if a side could not be measured or is censored. `corner`: the simulated
    corner.
    """

    corner: str
    slopes: Mapping[str, Mapping[str, float | None]]


def sensitivity(problem: Problem, simulator: Simulator, sizing: Sizing, step: float = STEP) -> Sensitivity:
    """Simulate two neighbours per free parameter in the first corner; `step` is a share of the range, at least one grid
    step.
    """
    space = problem.space
    center = space.to_unit(sizing)
    neighbours: list[dict[str, float]] = []
    free = [number for number, parameter in enumerate(space.parameters) if parameter.maximum > parameter.minimum]
    for number in free:
        for sign in (-1, 1):
            neighbours.append(_neighbour(problem, sizing, center, number, sign, step))
    corner = problem.corners[0].name
    evaluations = simulator.evaluate(neighbours, [corner])
    slopes: dict[str, dict[str, float | None]] = {spec.name: {} for spec in problem.specs}
    for place, number in enumerate(free):
        name = space.parameters[number].name
        below, above = evaluations[2 * place], evaluations[2 * place + 1]
        width = space.to_unit(neighbours[2 * place + 1])[number] - space.to_unit(neighbours[2 * place])[number]
        for spec in problem.specs:
            values = [evaluation.values[corner].get(spec.name) for evaluation in (below, above)]
            seen = not any((corner, spec.name) in evaluation.bounds for evaluation in (below, above))
            known = seen and all(value is not None for value in values) and width > 0
            slopes[spec.name][name] = (margin(spec, values[1]) - margin(spec, values[0])) / width if known else None
    return Sensitivity(corner, slopes)


def _neighbour(
    problem: Problem, sizing: Sizing, center: list[float], number: int, sign: int, step: float
) -> dict[str, float]:
    parameter = problem.space.parameters[number]
    moved = parameter.from_unit(center[number] + sign * step)
    if moved == sizing[parameter.name] and parameter.step is not None:
        # a coarse grid: the next step, if there is one
        moved = parameter.snap(sizing[parameter.name] + sign * parameter.step)
    return {**sizing, parameter.name: moved}
