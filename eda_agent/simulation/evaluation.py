"""An evaluation is the results of one sizing in the testbenches and corners; a simulator returns it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eda_agent.problem.space import Sizing
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import OperatingPoint


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of one sizing.

    Attributes:
        values: corner → spec → value in SI units, None without one. Corners that were not simulated, and specs that do
            not count in a
            corner, are missing.
        reasons: (corner, spec) → why there is no value, why it is censored, or the device of the value.
        bounds: (corner, spec) → ">" or "<" of a censored value: the true value is above or below it.
        failures: (testbench, corner, failure).
        jobs: testbench-corner runs, of which `cached` came from the cache.
        seconds: the simulators' time.
        operating_points: device → bias, in the first corner.
        corner_points: corner → the same, of an evaluator that keeps them.
    """

    values: Mapping[str, Mapping[str, float | None]]
    reasons: Mapping[tuple[str, str], str]
    failures: tuple[tuple[str, str, Failure], ...]
    operating_points: Mapping[str, OperatingPoint]
    jobs: int
    cached: int
    seconds: float
    bounds: Mapping[tuple[str, str], str] = field(default_factory=dict)
    corner_points: Mapping[str, Mapping[str, OperatingPoint]] = field(default_factory=dict)


def joined(one: Evaluation, other: Evaluation) -> Evaluation:
    """Two evaluations of the same sizing in different corners as one."""
    return Evaluation(
        values={**one.values, **other.values},
        reasons={**one.reasons, **other.reasons},
        failures=one.failures + other.failures,
        operating_points=one.operating_points or other.operating_points,
        jobs=one.jobs + other.jobs,
        cached=one.cached + other.cached,
        seconds=one.seconds + other.seconds,
        bounds={**one.bounds, **other.bounds},
        corner_points={**one.corner_points, **other.corner_points},
    )


class Simulator(Protocol):
    """The simulator as the agent sees it. `Evaluator` runs ngspice, `FunctionSimulator` is for tests."""

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        """Simulate sizings.

        Args:
            sizings: legal ones, parameter → value in SI units.
            corners: names of the corners to simulate; None for all.

        Returns:
            one evaluation per sizing, in order. A failed simulation is part of its evaluation, not an exception.
        """
