"""The judge: a score is the density that a model gave a turn before it was simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import t as student

from eda_agent.agent.history import History
from eda_agent.agent.policies.judge import TAUGHT, WINDOW, Judge
from eda_agent.agent.policies.training_data import training_data
from eda_agent.problem.spec import Problem
from tests.train.histories import played


@dataclass(frozen=True)
class Constant:
    mean: float
    deviation: float
    log_scales = np.zeros(1)

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(points), self.mean), np.full(len(points), self.deviation)


@dataclass(frozen=True)
class Made:
    rivals: dict[int, list[Constant]]


def of_count(history: History) -> Made:
    """A model that says how many turns it knows, and one that does not change."""
    return Made({1: [Constant(len(history.turns) / 100, 0.2), Constant(-0.3, 0.05)]})


def test_a_turn_is_scored_by_what_was_predicted_before_it(problems: dict[str, Problem]) -> None:
    problem = problems["ota_5t"]
    history = played(problem, WINDOW + 6)
    margins = training_data(history)[1][:, 1]
    found = Judge(of_count).scores(history)
    assert list(found) == [1]
    judged = [turn for turn in history.measured if turn >= TAUGHT][-WINDOW:]
    judged = [turn for turn in judged if (score := history.turns[turn].score) and score.results[1].value is not None]
    spread = np.sqrt(student.var(5))
    assert found[1] == pytest.approx(
        np.array(
            [
                [
                    student.logpdf(margins[turn], 5, turn / 100, 0.2 / spread),
                    student.logpdf(margins[turn], 5, -0.3, 0.05 / spread),
                ]
                for turn in judged
            ]
        )
    )


def test_what_is_kept_is_only_a_cache(problems: dict[str, Problem]) -> None:
    history = played(problems["ota_5t"], 9)
    along = Judge(of_count)
    for count in range(1, len(history.turns) + 1):
        begun = History(history.problem, history.turns[:count])
        assert along.models(begun) is along.models(begun)
        scores = along.scores(begun)
    fresh = Judge(of_count).scores(history)
    assert scores.keys() == fresh.keys() and all(np.array_equal(scores[one], fresh[one]) for one in fresh)
    assert len(along._made) <= WINDOW + 1
