"""A posterior is the universal surrogate's prediction after some turns of a run, read at one of them: Gaussian
processes in closed form.

The network was trained with Student's t, so the variance of a prediction exceeds the squared scale. `surprise` is the
ratio of the turns' errors to the predicted ones, and scales all variances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.universal.graph import CircuitGraph
from eda_agent.agent.universal.network import VARIANCE_FLOOR, Generated, Network

Real = NDArray[Any]

BELIEVED = 4.0
"""Weight of the network's own variances, as a number of turns."""
FREEDOM = 5.0
"""Degrees of freedom of the predictions, as in training."""
SPREAD = FREEDOM / (FREEDOM - 2)
"""Variance of Student's t at scale 1."""
PEAK = math.lgamma((FREEDOM + 1) / 2) - math.lgamma(FREEDOM / 2) - 0.5 * math.log(FREEDOM * math.pi)
"""Its log density at the mean."""
FARTHEST = 5.0
"""Maximum difference of a value from the reference's, as in training."""


@dataclass(frozen=True)
class Measured:
    """Turns n: `x` (n, p) logarithmic changes against the graph's initial sizes, `values` (n, k) transformed, nan if
    not measured, `points` (n, d, 7) features.
    """

    x: Real
    values: Real
    points: Real


class Posterior:
    """The prediction after turns, read at turn number `reference`. Specs that were not measured there are nan."""

    def __init__(self, network: Network, graph: CircuitGraph, turns: Measured, reference: int):
        self.at, self.base = turns.x[reference], turns.values[reference]
        self.generated = _single(network.encode(graph, self.at, turns.points[reference], self.base))
        e, self.x = self.generated, (turns.x - self.at).astype(np.float32)
        y = turns.values - self.base
        self.known = np.isfinite(y).T
        self.features = e.features(self.x)
        error = np.where(
            self.known, np.clip(np.nan_to_num(y), -FARTHEST, FARTHEST).T - e.mean(self.x, self.features).T, 0.0
        )
        count = len(self.x)
        kernel = e.kernel(self.x, self.features, self.x, self.features).astype(float)
        both = self.known[:, :, None] & self.known[:, None, :]
        diagonal = np.where(self.known, e.noise[:, None].astype(float), 1.0)
        matrix = np.where(both, kernel, 0.0) + diagonal[..., None] * np.eye(count)
        self.inverse = np.linalg.inv(np.linalg.cholesky(matrix))
        self.solved = np.einsum("kji,kj->ki", self.inverse, np.einsum("kij,kj->ki", self.inverse, error))
        counts = np.maximum(self.known.sum(1) - 1, 0)
        self.surprise = (BELIEVED + (error * self.solved).sum(1)) / (BELIEVED + counts)

    def predict(self, x: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, k) of the transformed values and the probability (m,) to be measurable, at changes (m,
        p) against the graph's initial sizes.
        """
        e, changes = self.generated, (x - self.at).astype(np.float32)
        features = e.features(changes)
        cross = e.kernel(changes, features, self.x, self.features) * self.known[:, None, :]
        mean = e.mean(changes, features) + (cross @ self.solved[..., None].astype(np.float32))[..., 0].T
        half = cross @ self.inverse.transpose(0, 2, 1).astype(np.float32)
        variance = np.maximum(e.prior_variance(features) - (half**2).sum(-1), VARIANCE_FLOOR) + e.noise[:, None]
        return self.base + mean, np.sqrt(SPREAD * variance.T * self.surprise), e.works(features)

    def prior(self, x: Real) -> Real:
        """The mean (m, k) without the effect of the other turns."""
        changes = (x - self.at).astype(np.float32)
        return np.asarray(self.base + self.generated.mean(changes, self.generated.features(changes)))

    @property
    def likelihood(self) -> Real:
        """(k,) mean log density of each turn's transformed values given the others, −∞ for a spec with fewer than
        two.
        """
        variance = 1 / (self.inverse**2).sum(1)
        error = self.solved * variance
        squared = variance * self.surprise[:, None]
        density = PEAK - 0.5 * np.log(squared) - (FREEDOM + 1) / 2 * np.log1p(error**2 / (FREEDOM * squared))
        counts = self.known.sum(1)
        return np.where(counts > 1, (density * self.known).sum(1) / np.maximum(counts, 1), -np.inf)


def mixture(answers: Sequence[tuple[Real, Real, Real]]) -> tuple[Real, Real, Real]:
    """One prediction from several posteriors: means weighted by precision, with the deviation of the mixture; nan if
    all are.
    """
    if len(answers) == 1:
        return answers[0]
    means, deviations = np.stack([one[0] for one in answers]), np.stack([one[1] for one in answers])
    weights = np.where(np.isfinite(means), deviations**-2.0, 0.0)
    total = weights.sum(0)
    weights = weights / np.maximum(total, 1e-30)
    filled = np.nan_to_num(means)
    mean = (weights * filled).sum(0)
    variance = (weights * (deviations**2 + (filled - mean) ** 2)).sum(0)
    return (
        np.where(total > 0, mean, np.nan),
        np.sqrt(np.maximum(variance, 1e-9)),
        np.mean([one[2] for one in answers], 0),
    )


def _single(e: Generated) -> Generated:
    """The same in single precision, because thousands of candidates are predicted at a time."""
    return Generated(
        e.network,
        *(getattr(e, name).astype(np.float32) for name in Generated.__dataclass_fields__ if name != "network"),
    )
