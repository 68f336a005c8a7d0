"""A posterior is the universal surrogate's prediction after some turns of a run, read at one of them: Gaussian
processes in closed form.

The network was trained with Student's t, so the variance of a prediction exceeds the squared scale. `surprise` is the
ratio of the turns' errors to the predicted ones, and scales all variances; its widening scales the deviations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
CENSORED = 3
"""Maximum number of rounds in which bounds that the prediction contradicts become values."""
FARTHEST = 5.0
"""Maximum difference of a value from the reference's, as in training."""


@dataclass(frozen=True)
class Measured:
    """Turns n: `x` (n, p) logarithmic changes against the graph's initial sizes, `values` (n, k) transformed, nan if
    not measured, `points` (n, d, 7) features. `bounds` (n, k): 1 if the true value is above, −1 if it is below, else 0;
    None if all values are exact.
    """

    x: Real
    values: Real
    points: Real
    bounds: Real | None = None


class Posterior:
    """The prediction after turns, read at turn number `reference`. Specs that were not measured there are nan.

    A value that is only a bound is used where the prediction contradicts it, as if it were the value. At the reference
    it is the base of predictions, and the network reads it as not measured. `encode` is that of the network, or one
    that keeps its results.
    """

    def __init__(
        self,
        network: Network,
        graph: CircuitGraph,
        turns: Measured,
        reference: int,
        encode: Callable[[CircuitGraph, Real, Real, Real], Generated] | None = None,
    ):
        self.at, self.base = turns.x[reference], turns.values[reference]
        bounds = np.zeros(turns.values.shape) if turns.bounds is None else turns.bounds
        told = np.where(bounds[reference] == 0, self.base, np.nan)
        self.generated = _single((encode or network.encode)(graph, self.at, turns.points[reference], told))
        self.widening = np.float32(network.widening_after(len(turns.x)))
        e, self.x = self.generated, (turns.x - self.at).astype(np.float32)
        self.features = e.features(self.x)
        seen = np.isfinite(turns.values - self.base).T
        change, mean = np.nan_to_num(turns.values - self.base).T, e.mean(self.x, self.features).T
        error = np.clip(change, -FARTHEST, FARTHEST) - mean
        kernel = e.kernel(self.x, self.features, self.x, self.features).astype(float)
        self.exact = self.known = seen & (bounds.T == 0)
        self._solve(kernel, error)
        for _ in range(CENSORED):
            missing = change - mean - (kernel @ self.solved[..., None])[..., 0]
            wrong = seen & ~self.known & (bounds.T * missing > 0)
            if not wrong.any():
                break
            self.known = self.known | wrong
            self._solve(kernel, error)
        counts = np.maximum(self.known.sum(1) - self.exact[:, reference], 0)
        self.surprise = (BELIEVED + (np.where(self.known, error, 0.0) * self.solved).sum(1)) / (BELIEVED + counts)

    def _solve(self, kernel: Real, error: Real) -> None:
        both = self.known[:, :, None] & self.known[:, None, :]
        diagonal = np.where(self.known, self.generated.noise[:, None].astype(float), 1.0)
        matrix = np.where(both, kernel, 0.0) + diagonal[..., None] * np.eye(len(self.x))
        self.inverse = np.linalg.inv(np.linalg.cholesky(matrix))
        # an unknown value has no error
        half = np.einsum("kij,kj->ki", self.inverse, np.where(self.known, error, 0.0))
        self.solved = np.einsum("kji,kj->ki", self.inverse, half)

    def predict(self, x: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, k) of the transformed values and the probability (m,) to be measurable, at changes (m,
        p) against the graph's initial sizes.
        """
        return self.predict_with_prior(x)[0]

    def predict_with_prior(self, x: Real) -> tuple[tuple[Real, Real, Real], Real]:
        """The same, and the mean (m, k) without the effect of the other turns, which costs nothing beside it."""
        e, changes = self.generated, (x - self.at).astype(np.float32)
        features = e.features(changes)
        cross = e.kernel(changes, features, self.x, self.features) * self.known[:, None, :]
        before = e.mean(changes, features)
        mean = before + (cross @ self.solved[..., None].astype(np.float32))[..., 0].T
        half = cross @ self.inverse.transpose(0, 2, 1).astype(np.float32)
        variance = np.maximum(e.prior_variance(features) - (half**2).sum(-1), VARIANCE_FLOOR) + e.noise[:, None]
        deviation = np.sqrt(SPREAD * variance.T * self.surprise) * self.widening
        return (self.base + mean, deviation, e.works(features)), np.asarray(self.base + before)


def log_density(errors: Real, deviations: Real) -> Real:
    """Log densities of errors under Student's t with these deviations."""
    squared = np.asarray(deviations) ** 2 / SPREAD
    return np.asarray(PEAK - 0.5 * np.log(squared) - (FREEDOM + 1) / 2 * np.log1p(errors**2 / (FREEDOM * squared)))


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
