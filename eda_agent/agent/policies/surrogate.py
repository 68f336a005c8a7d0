"""A surrogate predicts the metrics of one circuit's sizings under an unknown condition, from some measurements under
it. It is a small trained network.

It is a conditional neural process (Garnelo et al., arXiv 1807.01613). Designs measured under the condition are encoded
one by one, and their mean describes the condition. A second network predicts the metrics at a position, their
deviations, and the probability that they can be measured. The training used simulations under hundreds of conditions
(`train/surrogate.py`). During a run a Gaussian process models the residuals; its length and noise were fitted on
conditions outside the training (Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, eqs. 2.25–2.26).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real, leave_one_out, matern
from eda_agent.agent.policies.parameter_map import ParameterMap

LAYERS = ("see0", "see1", "see2", "say0", "say1", "say2", "skip")
"""Layers of a network: `see` encodes a design and its metrics, `say` and `skip` predict. Each has `.weight` (out, in)
and `.bias` (out).
"""
BELIEVED = 4.0
"""Weight of the network's predicted deviations, as a number of measurements."""
BEYOND = 5.0
"""Outside the training's ranges the deviation grows by this factor times the distance in ranges."""


@dataclass(frozen=True)
class Network:
    """A network with d parameters and q quantities.

    `layers` has the names of `LAYERS`. `middle`, `spread`, `low`, `high` (q) normalise quantities to (clip(value, low,
    high) − middle) / spread.

    The residual, in units of the predicted deviation, has variance `size` (q). Its share `common` (q) is one offset;
    the rest is a Matérn process of `length` (q, in √d ranges); `noise` (q) is added as a share.
    """

    layers: Mapping[str, Real]
    middle: Real
    spread: Real
    low: Real
    high: Real
    size: Real
    common: Real
    length: Real
    noise: Real

    def _layer(self, name: str, x: Real) -> Real:
        return np.asarray(x @ self.layers[f"{name}.weight"].T + self.layers[f"{name}.bias"])

    def normalised(self, values: Real) -> Real:
        """Normalised quantities (n, q)."""
        return np.asarray((np.clip(values, self.low, self.high) - self.middle) / self.spread)

    def describe(self, positions: Real, values: Real) -> Real:
        """A condition's description (z,) from designs (n, d) in [0, 1] and their quantities (n, q), nan for missing
        ones.
        """
        known = np.isfinite(values)
        seen = np.hstack(
            [2 * positions - 1, np.where(known, self.normalised(np.where(known, values, 0.0)), 0.0), known]
        )
        hidden = silu(self._layer("see1", silu(self._layer("see0", seen))))
        return np.asarray(self._layer("see2", hidden).mean(0))

    def predict(self, condition: Real, positions: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, q), and the probability (m,) that everything can be measured."""
        count = len(self.middle)
        given = np.hstack([2 * positions - 1, np.broadcast_to(condition, (len(positions), len(condition)))])
        answer = self._layer("say2", silu(self._layer("say1", silu(self._layer("say0", given)))))
        mean = answer[:, :count] + self._layer("skip", given)
        deviation = np.exp(0.5 * np.clip(answer[:, count : 2 * count], *SURE))
        return mean * self.spread + self.middle, deviation * self.spread, logistic(answer[:, -1])


SURE = (-9.0, 2.0)
"""Limits of the log variance that a network can predict, of standardised quantities."""


def logistic(x: Real) -> Real:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700.0, None))))


def logit(chance: Real) -> Real:
    """Logits of probabilities (…,), clipped at 1e-4."""
    kept = np.clip(chance, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)))


def silu(x: Real) -> Real:
    return np.asarray(x * logistic(x))


@dataclass(frozen=True)
class Surrogate:
    """A network for a problem's circuit. `parameter_map`: from the problem's positions to the network's; `columns`: the
    quantity of every spec, None if
    the training did not have it.
    """

    network: Network
    parameter_map: ParameterMap
    columns: Sequence[int | None]

    def under(self, points: Real, values: Real) -> Condition:
        """The condition of positions (n, d) of the problem and their measured specs (n, specs), nan for missing
        ones.
        """
        inside, _ = self.parameter_map.positions(points)
        told = np.full((len(points), len(self.network.middle)), np.nan)
        for spec, column in enumerate(self.columns):
            if column is not None:
                told[:, column] = values[:, spec]
        return Condition(self, self.network.describe(inside, told))


class Condition:
    """The predictions of a surrogate under one condition; the latest positions are cached, because every spec asks for
    the same.
    """

    def __init__(self, surrogate: Surrogate, description: Real):
        self.surrogate, self.description = surrogate, description
        self._asked: Real | None = None
        self._answer: tuple[Real, Real, Real] = (np.empty(0), np.empty(0), np.empty(0))

    def predict(self, points: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, quantities) and the probability (m,) to be measurable, at positions (m, d) of the
        problem.
        """
        if self._asked is not points:
            inside, outside = self.surrogate.parameter_map.positions(points)
            mean, deviation, works = self.surrogate.network.predict(self.description, inside)
            self._asked, self._answer = points, (mean, deviation * (1 + BEYOND * outside)[:, None], works)
        return self._answer


@dataclass(frozen=True)
class CalibratedPrediction:
    """One quantity under a condition, corrected by the run's measurements.

    It is a Student-t process (Shah et al., arXiv 1402.4306, with its variance). `surprise` is the ratio of the
    measurements' squared errors to the predicted ones; it scales all variances, so that predictions become less certain
    after errors.
    """

    condition: Condition
    column: int
    points: Real
    factor: Real
    inverse: Real
    solved: Real
    deviations: Real
    surprise: float

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at positions (m, d)."""
        network, column = self.condition.surrogate.network, self.column
        mean, deviation, _ = self.condition.predict(points)
        scale = deviation[:, column] * np.sqrt(network.size[column] * self.surprise)
        if not len(self.points):
            return mean[:, column], scale
        covariance = correlation(points, self.points, network.common[column], network.length[column])
        half = covariance @ self.inverse.T
        left = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", half, half), 1e-4))
        moved = deviation[:, column] * np.sqrt(network.size[column]) * (covariance @ self.solved)
        return mean[:, column] + moved, scale * left

    @property
    def likelihood(self) -> float:
        """Mean log density of each measurement given the others, −∞ without any."""
        if not len(self.points):
            return -np.inf
        # all variances times `surprise`
        inflated = leave_one_out(self.factor * np.sqrt(self.surprise), self.solved / self.surprise)
        return inflated - float(np.log(self.deviations).mean())


def calibrated(condition: Condition, column: int, points: Real, seen: Real) -> CalibratedPrediction:
    """A quantity measured as `seen` (n,) at positions (n, d); non-finite values are left out."""
    network = condition.surrogate.network
    good = np.isfinite(seen)
    points, seen = points[good], np.clip(seen[good], network.low[column], network.high[column])
    mean, deviation, _ = condition.predict(points)
    scale = deviation[:, column] * np.sqrt(network.size[column])
    error = (seen - mean[:, column]) / scale
    matrix = correlation(points, points, network.common[column], network.length[column]) + network.noise[
        column
    ] * np.eye(len(error))
    factor = np.linalg.cholesky(matrix)
    inverse = np.linalg.inv(factor)
    solved = inverse.T @ (inverse @ error)
    return CalibratedPrediction(
        condition,
        column,
        points,
        factor,
        inverse,
        solved,
        scale,
        float((BELIEVED + error @ solved) / (BELIEVED + len(error))),
    )


def correlation(first: Real, second: Real, common: float, length: float) -> Real:
    """(n, m) correlations of n×d and m×d positions."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1)[None, :] - 2 * first @ second.T
    return np.asarray(
        common + (1 - common) * matern(np.sqrt(np.maximum(squares, 0.0)) / (length * np.sqrt(first.shape[1])))
    )
