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
        self.draws = rng.standard_normal((DRAWS, len(beliefs.processes))).astype(np.float32)

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
        """Gains of a block of candidates with their predicted means and deviations.

        What is missing to the full score is added up, in single precision: it is precise where it is small.
        """
        count = len(predicted[0][0])
        missing, sample = np.zeros((DRAWS, count), np.float32), np.empty((DRAWS, count), np.float32)
        allmet, surplus = np.ones((DRAWS, count), dtype=bool), np.zeros((DRAWS, count), np.float32)
        for column, ((mean, deviation), spec) in enumerate(zip(predicted, self.specs, strict=True)):
            mean, deviation = mean.astype(np.float32), deviation.astype(np.float32)
            draws = self.draws[:, column : column + 1]
            sure = chances is None or chances[rows, column].min() > LUCK[-1, 0]
            if sure and not (self.best.met and spec.objective) and (mean + draws.min() * deviation).min() >= 0:
                # every draw meets this spec at every candidate
                continue
            np.multiply(draws, deviation, out=sample)
            sample += mean
            seen = None if chances is None or sure else chances[rows, column] > LUCK
            if self.best.met:
                allmet &= sample >= 0 if seen is None else (sample >= 0) & seen
                if spec.objective:
                    surplus += np.float32(self.share[column]) * sample
            np.minimum(sample, 0.0, out=sample)
            np.maximum(sample, -1.0, out=sample)
            if seen is not None:
                np.copyto(sample, -1.0, where=~seen)
            sample *= np.float32(-self.share[column])
            missing += sample
        # if no draw improves, the best mean decides
        beside = 1e-9 * (1 - missing.mean(axis=0, dtype=float))
        if self.best.met:
            merit = self.best.score.merit if self.best.score else 0.0
            return np.asarray(np.where(allmet, np.maximum(surplus - merit, 0.0), 0.0).mean(axis=0) + beside)
        np.subtract(np.float32(1 - self.best.value), missing, out=missing)
        return np.asarray(np.maximum(missing, 0.0, out=missing).mean(axis=0, dtype=float) + beside)
