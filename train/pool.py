"""A pool is a circuit's designs simulated under many conditions: the source of targets and first examples."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Corner, Problem
from eda_agent.problem.target import Target
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import OperatingPoint
from eda_agent.train.designs import conditions, draw_bounds, meets, works


@dataclass(frozen=True)
class Pool:
    """`problem`: the circuit with every condition as a corner. For conditions c, designs n: `sizes` (c, n, parameters)
    in SI units,
    `values` (c, n, specs), NaN where unmeasurable, `failed` (c, n), `points` (c, n, devices, 3) with id, gm/id and
    saturation margin.
    Design 1 of each condition is the netlist's own.
    """

    problem: Problem
    devices: tuple[str, ...]
    sizes: NDArray[np.float64]
    values: NDArray[np.float64]
    failed: NDArray[np.bool_]
    points: NDArray[np.float32]

    @property
    def conditions(self) -> tuple[Corner, ...]:
        return self.problem.corners

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """The designs in the unit cube, (c, n, parameters)."""
        parameters = self.problem.space.parameters
        columns = [
            np.vectorize(parameter.to_unit)(self.sizes[..., index]) for index, parameter in enumerate(parameters)
        ]
        return np.stack(columns, axis=-1)

    def near(self, condition: int, sizing: Mapping[str, float], count: int) -> list[int]:
        """The designs nearest to a sizing, nearest first, without itself."""
        offsets = self.positions[condition] - np.array(self.problem.space.to_unit(sizing))
        distances = np.abs(offsets).sum(-1)
        return [int(index) for index in np.argsort(distances, kind="stable") if distances[index] > 0][:count]

    @cached_property
    def _rows(self) -> list[list[dict[str, float | None]]]:
        names = self.problem.spec_names
        return [
            [
                {name: None if math.isnan(value) else value for name, value in zip(names, numbers, strict=True)}
                for numbers in designs
            ]
            for designs in self.values.tolist()
        ]

    @cached_property
    def _evaluations(self) -> dict[tuple[int, int], Evaluation]:
        return {}

    @cached_property
    def _working(self) -> list[list[int]]:
        return [
            [
                design
                for design, row in enumerate(rows)
                if not self.failed[condition, design] and works(self.problem, row)
            ]
            for condition, rows in enumerate(self._rows)
        ]

    def row(self, condition: int, design: int) -> Mapping[str, float | None]:
        """Spec → value."""
        return self._rows[condition][design]

    def sizing(self, condition: int, design: int) -> dict[str, float]:
        return dict(zip(self.problem.space.names, self.sizes[condition, design].tolist(), strict=True))

    def working(self, condition: int) -> list[int]:
        """Designs whose every spec can be measured, and that are stable."""
        return self._working[condition]

    def turn(self, problem: Problem, condition: int, design: int, index: int) -> Turn:
        """A design as a turn of a run on `problem` under that condition."""
        evaluation = self._evaluation(condition, design)
        sizing = self.sizing(condition, design)
        return Turn(index, Proposal(sizing, policy="pool"), sizing, evaluation, score(problem.specs, evaluation))

    def _evaluation(self, condition: int, design: int) -> Evaluation:
        """Created on first use and kept: a training reads each many times."""
        found = self._evaluations.get((condition, design))
        if found is None:
            corner = self.conditions[condition].name
            failures = (
                (("pool", corner, Failure("no_convergence", "in the pool")),) if self.failed[condition, design] else ()
            )
            points = {
                device: _point(*numbers)
                for device, numbers in zip(self.devices, self.points[condition, design].tolist(), strict=True)
                if not math.isnan(numbers[0])
            }
            found = Evaluation({corner: self.row(condition, design)}, {}, failures, points, 0, 0, 0.0)
            self._evaluations[condition, design] = found
        return found

    def target(
        self,
        condition: int,
        kind: str,
        draw: random.Random,
        tries: int = 200,
        ranges: Mapping[str, tuple[float, float]] | None = None,
    ) -> Target | None:
        """A random target under a condition that a design of the pool meets and the netlist's own sizes do not; None if
        none is found.

        `ranges`: bounds of uniform targets, in SI units.
        """
        able = self.working(condition)
        if len(able) < 8:
            return None
        rows = [self.row(condition, design) for design in able]
        for _ in range(tries):
            bounds = draw_bounds(self.problem, kind, rows, draw, ranges)
            if any(bounds[spec.name] <= 0 for spec in self.problem.specs if spec.metric.ramp == "log"):
                continue
            winners = [design for design, row in zip(able, rows, strict=True) if meets(self.problem, bounds, row)]
            if winners and 1 not in winners:
                return Target(
                    f"{kind[0]}", kind, self.conditions[condition], bounds, self.sizing(condition, winners[0])
                )
        return None


def _point(current: float, gm_id: float, margin: float) -> OperatingPoint:
    unknown = math.nan
    return OperatingPoint(current, current * gm_id, unknown, unknown, unknown, unknown, unknown, gm_id, margin)


def pool_problem(
    problem: Problem, count: int, seed: int, ranges: Mapping[str, tuple[float, float]] | None = None
) -> Problem:
    """The problem under `count` random conditions, each a corner."""
    draw = random.Random(f"conditions of {problem.name} {seed}")
    return replace(
        problem,
        corners=tuple(conditions(problem, draw, count, ranges)),
        specs=tuple(replace(spec, corners=()) for spec in problem.specs),
    )
