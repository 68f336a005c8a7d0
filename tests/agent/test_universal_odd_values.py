"""Values that are no numbers, or far outside of any range, stop no run with the universal surrogate."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.universal import UniversalPolicy
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator

ODD = (math.inf, -math.inf, math.nan, 1e308, -1e308, 0.0, -1.0, 1e-300, None)


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_odd_values_stop_no_run(share: float, problems: dict[str, Problem]) -> None:
    problem, draw = problems["tia"], random.Random(1)

    def measure(sizing: Mapping[str, float], corner: str) -> dict[str, float | None]:
        del sizing, corner
        return {
            spec.name: draw.choice(ODD) if draw.random() < share else spec.target * draw.choice((0.5, 1.0, 2.0))
            for spec in problem.specs
        }

    env = Environment(problem, FunctionSimulator(problem, measure))
    env.start()
    policy = UniversalPolicy(0)
    policy.prepare(problem)
    for _ in range(5):
        found = policy.propose(env.history)
        assert found.sizing is not None and all(math.isfinite(value) for value in found.sizing.values())
        env.step(found)
