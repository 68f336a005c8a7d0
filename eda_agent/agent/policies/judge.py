"""A judge compares models of the specs by their predictions of the latest turns, each made before its simulation.

These are prequential scores (Dawid, Journal of the Royal Statistical Society A 147, 1984). Leaving turns out of the
data instead prefers a Gaussian process on few turns: its hyperparameters were fitted to the turns that are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from eda_agent.agent.history import History
from eda_agent.agent.policies.expected_gain import Process
from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.training_data import CLIP, training_data
from eda_agent.agent.turn import Turn
from eda_agent.agent.universal.posterior import log_density

WINDOW = 12
"""Number of latest turns whose predictions count."""
TAUGHT = 3
"""Number of turns that a prediction must know before it counts."""
LEAST = 0.01
"""Smallest deviation of a margin's prediction that counts: below, one error decides everything."""


class Rated(Protocol):
    """Models after some turns. `rivals`: place of a spec → its models."""

    @property
    def rivals(self) -> Mapping[int, Sequence[Process]]: ...


M = TypeVar("M", bound=Rated)
Key = tuple[int, tuple[float, ...]]


class Judge(Generic[M]):
    """`make`: the models after a history. Everything kept is a cache: a resumed run computes it again."""

    def __init__(self, make: Callable[[History], M]):
        self._make = make
        self._made: dict[Key, M] = {}
        self._scores: dict[Key, dict[int, Real]] = {}

    def models(self, history: History) -> M:
        """The models after a history."""
        key = _key(history)
        if key not in self._made:
            self._made[key] = self._make(history)
            for old in list(self._made)[: -WINDOW - 1]:
                del self._made[old]
        return self._made[key]

    def scores(self, history: History) -> dict[int, Real]:
        """Spec → log densities (turns, models) that its models gave to the latest turns that measured it."""
        found: dict[int, list[Real]] = {}
        for place in history.measured[max(TAUGHT, len(history.measured) - WINDOW) :]:
            for spec, row in self._scored(history, place).items():
                found.setdefault(spec, []).append(row)
        return {spec: np.array(rows) for spec, rows in found.items()}

    def _scored(self, history: History, place: int) -> dict[int, Real]:
        """Spec → log density (models) of turn number `place`, predicted from the turns before it."""
        key = _key(History(history.problem, history.turns[: place + 1]))
        if key not in self._scores:
            self._scores[key] = self._score(History(history.problem, history.turns[:place]), history.turns[place])
        return self._scores[key]

    def _score(self, before: History, turn: Turn) -> dict[int, Real]:
        if turn.evaluation is None or turn.evaluation.failures or turn.score is None or turn.sizing is None:
            return {}
        rivals = self.models(before).rivals
        point = np.array([before.problem.space.to_unit(turn.sizing)])
        margins = training_data(History(before.problem, (*before.turns, turn)))[1][-1]
        found = {}
        for spec, models in rivals.items():
            result = turn.score.results[spec]
            # a value that is missing or only a bound says little about a prediction
            if result.value is None or result.bound:
                continue
            predicted = [model.predict(point) for model in models]
            means = np.clip([float(mean[0]) for mean, _ in predicted], *CLIP)
            deviations = np.maximum([float(deviation[0]) for _, deviation in predicted], LEAST)
            found[spec] = log_density(margins[spec] - means, deviations)
        return found


def _key(history: History) -> Key:
    """Identifies a history of a problem: its length, and the positions of its last simulated turn."""
    places = history.measured
    sizing = history.turns[places[-1]].sizing if places else None
    return len(places), tuple((sizing or {}).values())
