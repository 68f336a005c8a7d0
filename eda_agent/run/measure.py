"""A measurement of sizings outside a run: each is simulated in every testbench and corner, side by side, and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.agent.score import Score, score
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.record.events import evaluation_data, plain, result_data
from eda_agent.record.labels import parameter_table, spec_table
from eda_agent.record.result import at_limit, spec_rows
from eda_agent.run.baseline_check import failed_checks
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.soundness import observe

AT_ONCE = 16
"""Sizings simulated side by side."""


@dataclass(frozen=True)
class Measured:
    """`unsound`: what shows that a testbench does not test this sizing, in the first corner."""

    sizing: Sizing
    evaluation: Evaluation
    score: Score
    unsound: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether every spec is met in sound testbenches."""
        return self.score.met and not self.unsound


def measure(problem: Problem, evaluator: Evaluator, sizings: Sequence[Sizing]) -> list[Measured]:
    """Each sizing (a legal one) with its results, in order."""
    found: list[Measured] = []
    first = problem.corners[0].name
    # the checks read waveforms, which take memory
    for start in range(0, len(sizings), AT_ONCE):
        some = sizings[start : start + AT_ONCE]
        seen = observe(evaluator, some, first)
        for sizing, evaluation, what in zip(some, evaluator.evaluate(some), seen, strict=True):
            graded = score(problem.specs, evaluation)
            found.append(Measured(sizing, evaluation, graded, tuple(failed_checks(what))))
    return found


def measured_result(problem: Problem, found: Measured) -> dict[str, Any]:
    """One simulated sizing as JSON data."""
    told = evaluation_data(found.evaluation)
    points = {
        name: {**point.data(), "region": point.region} for name, point in found.evaluation.operating_points.items()
    }
    results = {result.spec: result_data(result) for result in found.score.results}
    return {
        "score": found.score.value,
        "met": found.score.met,
        "merit": found.score.merit if found.score.met else 0.0,
        "sizing": dict(found.sizing),
        "specs": spec_rows(spec_table(problem), results, told),
        **told,
        "operating_points": plain(points),
        "at_limit": at_limit(parameter_table(problem), found.sizing),
        "unsound": list(found.unsound),
    }
