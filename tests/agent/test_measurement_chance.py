"""Specs without a value at many designs: the chance of a value, the expected gain with it, and the search."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.expected_gain import Beliefs, ExpectedGain
from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.measurement_chance import even, processes_of_measured, spec_chances
from eda_agent.agent.policies.trust_region import TrustRegion
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator

from .conftest import amplifier

DRAW = np.random.default_rng(3)


@dataclasses.dataclass
class Fixed:
    """A model with one prediction everywhere."""

    mean: float
    deviation: float
    log_scales: Real

    def predict(self, points: Real) -> tuple[Real, Real]:
        return np.full(len(points), self.mean), np.full(len(points), self.deviation)


def test_each_spec_has_the_chance_of_its_own_turns() -> None:
    positions = DRAW.random((24, 3))
    seen = np.stack([np.ones(24, bool), positions[:, 0] > 0.5, np.zeros(24, bool)], -1)
    left, right = positions * [0.3, 1, 1], 0.7 + positions * [0.3, 1, 1] - [0, 0.7, 0.7]
    chance = spec_chances(even, positions, seen)
    assert chance(positions).shape == (24, 3)
    assert chance(left)[:, 0].min() > 0.8
    assert chance(left)[:, 2].max() < 0.2
    assert chance(right)[:, 1].mean() > 0.75
    assert chance(left)[:, 1].mean() < 0.25


def test_a_model_of_each_spec_is_of_the_turns_that_measured_it() -> None:
    inputs = DRAW.random((12, 2))
    margins = np.stack([inputs[:, 0], np.where(inputs[:, 1] > 0.4, inputs[:, 1], np.nan), np.full(12, np.nan)], -1)
    asked, whole = DRAW.random((9, 2)), np.isfinite(margins[:, 1])
    for column, rows in ((0, np.ones(12, bool)), (1, whole)):
        found = processes_of_measured(inputs, margins)[column].predict(asked)
        alone = processes_of_measured(inputs[rows], margins[rows][:, [column]])[0].predict(asked)
        for one, other in zip(found, alone, strict=True):
            assert one == pytest.approx(other, abs=2e-3)
    mean, deviation = processes_of_measured(inputs, margins)[2].predict(asked)
    assert (mean < 0).all()
    assert (deviation > 0.1).all()


@pytest.mark.parametrize("chance", [1.0, 0.5, 0.25, 0.0])
def test_the_expected_gain_against_its_integral(problem: Problem, simulator: FunctionSimulator, chance: float) -> None:
    env = Environment(problem, simulator)
    env.start()
    best, mean, deviation = env.history.turns[0].value, -0.1, 0.3
    count = len(problem.specs)
    beliefs = Beliefs(
        [Fixed(mean, deviation, np.zeros(3))] + [Fixed(1.0, 1e-9, np.zeros(3))] * (count - 1),
        lambda points: np.full((len(points), count), [chance] + [1.0] * (count - 1)),
    )
    share = problem.specs[0].weight / sum(spec.weight for spec in problem.specs)
    known = 1 - share

    def gain(margin: float) -> float:
        return max(known + share * min(max(1 + margin, 0), 1) - best, 0) * norm.pdf(margin, mean, deviation)

    expected = chance * quad(gain, -2, 2, points=[-1, 0])[0] + (1 - chance) * max(known - best, 0)
    found = np.mean(
        [ExpectedGain(env.history, beliefs, np.random.default_rng(s))(np.zeros((300, 3)))[299] for s in range(40)]
    )
    assert found == pytest.approx(expected, rel=0.05, abs=1e-6)


def test_the_search_finds_where_a_spec_has_a_value(problem: Problem) -> None:
    """A spec has a value only beyond the middle of a parameter's range, and the first sizes are best without it."""
    space, hidden = problem.space, problem.specs[0].name
    first = space.parameters[0]

    def answer(sizing: Mapping[str, float], corner: str) -> dict[str, float | None]:
        found: dict[str, float | None] = dict(amplifier(sizing, corner))
        at = space.to_unit(sizing)[0]
        return found if at > 0.75 else {**found, hidden: None}

    low = first.minimum * (first.maximum / first.minimum) ** 0.2 if first.scale == "log" else first.minimum
    begun = dataclasses.replace(
        problem,
        space=dataclasses.replace(space, parameters=(dataclasses.replace(first, initial=low), *space.parameters[1:])),
    )
    needed = []
    for seed in range(4):
        env = Environment(begun, FunctionSimulator(begun, answer))
        env.start()
        policy = TrustRegion(seed)
        for _ in range(6):
            env.step(policy.search(env.history, 1, 0.3))
        found = [number for number, turn in enumerate(env.history.turns) if turn.score and turn.score.results[0].value]
        needed.append(found[0] if found else 99)
    assert max(needed) <= 6, needed
