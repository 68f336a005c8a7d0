"""A fake simulator evaluates a sizing with a Python function: for tests of higher layers and for trying out a
policy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure


class FunctionSimulator:
    """`function(sizing, corner name)` returns spec name → value (None: unmeasurable), or raises ValueError with a
    failure's text.
    """

    def __init__(self, problem: Problem, function: Callable[[Sizing, str], Mapping[str, float | None]]):
        self.problem, self.function = problem, function
        self.simulated: list[dict[str, float]] = []

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        """One evaluation per sizing; requested sizings are recorded in `simulated`, once for their first corner."""
        return [self._evaluate(sizing, corners) for sizing in sizings]

    def _evaluate(self, sizing: Sizing, corners: Collection[str] | None) -> Evaluation:
        if corners is None or self.problem.corners[0].name in corners:
            self.simulated.append(dict(sizing))
        values: dict[str, Mapping[str, float | None]] = {}
        failures = []
        for corner in self.problem.corners:
            if corners is not None and corner.name not in corners:
                continue
            try:
                values[corner.name] = dict(self.function(sizing, corner.name))
            except ValueError as error:
                values[corner.name] = dict.fromkeys(self.problem.spec_names)
                failures.append(("fake", corner.name, Failure("no_convergence", str(error))))
        return Evaluation(values, {}, tuple(failures), {}, len(values), 0, 0.0)
