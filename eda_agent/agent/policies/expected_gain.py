"""The expected gain of a design is the expected improvement of the score, by Monte Carlo: the mean over draws of the
specs' margins, and of which specs can be measured.

The score saturates at each target, so a surplus in one spec cannot compensate for another. A spec without a value
counts as its worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eda_agent.agent.history import History
from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.measurement_chance import Chance
from eda_agent.agent.policies.training_data import weights

DRAWS = 64
BLOCK = 256
"""Number of candidates whose gains are computed at a time: their samples stay in the processor's cache."""


LUCK = ((np.arange(DRAWS) + 0.5) / DRAWS)[:, None]
"""The uniform number of every draw."""


class Process(Protocol):
    """The model of one spec's margin, where the spec can be measured."""

    @property
    def log_scales(self) -> Real: ...
    def predict(self, points: Real) -> tuple[Real, Real]: ...


@dataclass(frozen=True)
class Beliefs:
    """Models of all specs' margins, and the chance that a spec can be measured; none if every turn measured all."""

    processes: Sequence[Process]
    chance: Chance | None = None


class ExpectedGain:
    """The expected improvement of the score over a history's incumbent, or of the merit once every spec is met; if it
    is zero, the mean score decides.

    A draw has one standard normal number per spec, and one uniform number for all: it measures the specs whose chance
    is above it. Specs fail together, because one loop or one bias decides about several of them.
    """

    def __init__(self, history: History, beliefs: Beliefs, rng: np.random.Generator):
        assert history.incumbent is not None
        self.best, self.beliefs = history.incumbent, beliefs
        self.share, self.specs = weights(history), history.problem.specs
        self.draws = rng.standard_normal((DRAWS, len(beliefs.processes)))

    def __call__(self, points: Real) -> Real:
        """Gains (m,) at m×d positions."""
        predicted = [process.predict(points) for process in self.beliefs.processes]
        chances = None if self.beliefs.chance is None else self.beliefs.chance(points)
        return np.concatenate(
            [
                self._block([(mean[rows], deviation[rows]) for mean, deviation in predicted], chances, rows)
                for rows in (slice(start, start + BLOCK) for start in range(0, len(points), BLOCK))
            ]
        )

    def _block(self, predicted: Sequence[tuple[Real, Real]], chances: Real | None, rows: slice) -> Real:
        """Gains of a block of candidates with their predicted means and deviations."""
        count = len(predicted[0][0])
        total, sample = np.zeros((DRAWS, count)), np.empty((DRAWS, count))
        allmet, surplus = np.ones((DRAWS, count), dtype=bool), np.zeros((DRAWS, count))
        for column, ((mean, deviation), spec) in enumerate(zip(predicted, self.specs, strict=True)):
            np.multiply(self.draws[:, column : column + 1], deviation, out=sample)
            sample += mean
            seen = None if chances is None else chances[rows, column] > LUCK
            if self.best.met:
                allmet &= sample >= 0 if seen is None else (sample >= 0) & seen
                if spec.objective:
                    surplus += self.share[column] * sample
            sample += 1
            np.clip(sample, 0.0, 1.0, out=sample)
            if seen is not None:
                sample *= seen
            sample *= self.share[column]
            total += sample
        # if no draw improves, the best mean decides
        beside = 1e-9 * total.mean(axis=0)
        if self.best.met:
            merit = self.best.score.merit if self.best.score else 0.0
            return np.asarray(np.where(allmet, np.maximum(surplus - merit, 0.0), 0.0).mean(axis=0) + beside)
        total -= self.best.value
        return np.asarray(np.maximum(total, 0.0, out=total).mean(axis=0) + beside)
