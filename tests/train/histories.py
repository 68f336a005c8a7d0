"""Histories without a simulator: a made-up function in the place of ngspice."""

from __future__ import annotations

import math
from collections.abc import Mapping

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies.random import RandomPolicy
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator


def made_up(problem: Problem) -> FunctionSimulator:
    """Every spec a smooth function of the sizes, around its target; a corner of the space does not simulate."""

    def measure(sizing: Mapping[str, float], corner: str) -> dict[str, float | None]:
        positions = problem.space.to_unit(sizing)
        if positions[0] > 0.97:
            raise ValueError("no convergence")
        result: dict[str, float | None] = {}
        for number, spec in enumerate(problem.specs):
            wave = math.sin(3 * sum(position * ((index + number) % 3 - 1) for index, position in enumerate(positions)))
            result[spec.name] = None if wave < -0.995 else spec.target * (1 + 0.4 * wave)
        return result

    return FunctionSimulator(problem, measure)


def played(problem: Problem, turns: int, seed: int = 0) -> History:
    """A history of random designs."""
    env = Environment(problem, made_up(problem))
    env.start()
    policy = RandomPolicy(seed)
    for _ in range(turns):
        env.step(policy.propose(env.history))
    return env.history
