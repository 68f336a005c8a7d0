"""A surrogate says what sizes of one circuit measure under a condition that some measurements tell of: a small network, taught before.

A conditional neural process (Garnelo et al., arXiv 1807.01613): designs that were measured under the condition are encoded one by one, their mean
describes it, and a second network says from that and a position what is measured there, how surely, and whether it can be measured at all. It was
taught with simulations under hundreds of conditions (`train/surrogate.py`). What its word leaves in a run is a Gaussian process whose length and noise
were found on conditions that it was not taught with (Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, eqs. 2.25–2.26).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real, leave_one_out, matern
from eda_agent.agent.policies.parameter_map import ParameterMap

LAYERS = ("see0", "see1", "see2", "say0", "say1", "say2", "skip")
"""Of a network: `see` encodes a design and what it measured, `say` and `skip` answer. Each has `.weight` (out, in) and `.bias` (out)."""
BELIEVED = 4.0
"""Measurements that a network's word about its own deviations is worth."""
BEYOND = 5.0
"""Outside the ranges that were taught, the deviation grows by so many times the distance in ranges."""


@dataclass(frozen=True)
class Network:
    """d parameters, q quantities: `layers` as of `LAYERS`; `middle`, `spread`, `low`, `high` (q): quantities are told as (cut to low … high − middle) / spread.

    What its word leaves, in its deviations: variance `size` (q), of which the share `common` (q) is one offset, and the rest a Matérn process of `length` (q, in
    √d ranges); `noise` (q) on top, as a share.
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
        """(n, q) as the network has them."""
        return np.asarray((np.clip(values, self.low, self.high) - self.middle) / self.spread)

    def describe(self, positions: Real, values: Real) -> Real:
        """A condition (z,) from designs (n, d) in [0, 1] and what they measured (n, q), nan where nothing was."""
        known = np.isfinite(values)
        seen = np.hstack([2 * positions - 1, np.where(known, self.normalised(np.where(known, values, 0.0)), 0.0), known])
        hidden = silu(self._layer("see1", silu(self._layer("see0", seen))))
        return np.asarray(self._layer("see2", hidden).mean(0))

    def predict(self, condition: Real, positions: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, q), and the chance (m,) that everything can be measured."""
        count = len(self.middle)
        given = np.hstack([2 * positions - 1, np.broadcast_to(condition, (len(positions), len(condition)))])
        answer = self._layer("say2", silu(self._layer("say1", silu(self._layer("say0", given)))))
        mean = answer[:, :count] + self._layer("skip", given)
        deviation = np.exp(0.5 * np.clip(answer[:, count : 2 * count], *SURE))
        return mean * self.spread + self.middle, deviation * self.spread, logistic(answer[:, -1])


SURE = (-9.0, 2.0)
"""Logarithms of the variances that a network can say, of standardised quantities."""


def logistic(x: Real) -> Real:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700.0, None))))


def logit(chance: Real) -> Real:
    """Of chances (…,), none surer than 1e-4."""
    kept = np.clip(chance, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)))


def silu(x: Real) -> Real:
    return np.asarray(x * logistic(x))


@dataclass(frozen=True)
class Surrogate:
    """A network for a problem's circuit. `parameter map`: from the problem's positions to the network's; `columns`: of every spec its quantity, None for what was
    not taught."""  # fmt: skip

    network: Network
    parameter_map: ParameterMap
    columns: Sequence[int | None]

    def under(self, points: Real, values: Real) -> Condition:
        """A condition, from positions (n, d) of the problem and what its specs measured there (n, specs), nan where nothing was."""
        inside, _ = self.parameter_map.positions(points)
        told = np.full((len(points), len(self.network.middle)), np.nan)
        for spec, column in enumerate(self.columns):
            if column is not None:
                told[:, column] = values[:, spec]
        return Condition(self, self.network.describe(inside, told))


class Condition:
    """What a surrogate predicts under one condition; the last positions asked for are remembered: every spec asks for the same."""

    def __init__(self, surrogate: Surrogate, description: Real):
        self.surrogate, self.description = surrogate, description
        self._asked: Real | None = None
        self._answer: tuple[Real, Real, Real] = (np.empty(0), np.empty(0), np.empty(0))

    def predict(self, points: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, quantities) and the chance (m,) to be measurable, at positions (m, d) of the problem."""
        if self._asked is not points:
            inside, outside = self.surrogate.parameter_map.positions(points)
            mean, deviation, works = self.surrogate.network.predict(self.description, inside)
            self._asked, self._answer = points, (mean, deviation * (1 + BEYOND * outside)[:, None], works)
        return self._answer


@dataclass(frozen=True)
class CalibratedPrediction:
    """One quantity under a condition, where some measurements are known besides.

    A Student-t process (Shah et al., arXiv 1402.4306, with its variance): `surprise` is by how much the measurements' squared errors are more or less than the network said,
    and all its variances with them. Who errs says so from then on.
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
        """How well it predicts each measurement from the others: mean log density, −∞ without any."""
        if not len(self.points):
            return -np.inf
        # all variances times `surprise`
        inflated = leave_one_out(self.factor * np.sqrt(self.surprise), self.solved / self.surprise)
        return inflated - float(np.log(self.deviations).mean())


def calibrated(condition: Condition, column: int, points: Real, seen: Real) -> CalibratedPrediction:
    """A quantity, measured as `seen` (n,) at positions (n, d); what is not finite is left out."""
    network = condition.surrogate.network
    good = np.isfinite(seen)
    points, seen = points[good], np.clip(seen[good], network.low[column], network.high[column])
    mean, deviation, _ = condition.predict(points)
    scale = deviation[:, column] * np.sqrt(network.size[column])
    error = (seen - mean[:, column]) / scale
    matrix = correlation(points, points, network.common[column], network.length[column]) + network.noise[column] * np.eye(len(error))
    factor = np.linalg.cholesky(matrix)
    inverse = np.linalg.inv(factor)
    solved = inverse.T @ (inverse @ error)
    return CalibratedPrediction(
        condition, column, points, factor, inverse, solved, scale, float((BELIEVED + error @ solved) / (BELIEVED + len(error)))
    )


def correlation(first: Real, second: Real, common: float, length: float) -> Real:
    """(n, m) of n×d and m×d positions."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1)[None, :] - 2 * first @ second.T
    return np.asarray(common + (1 - common) * matern(np.sqrt(np.maximum(squares, 0.0)) / (length * np.sqrt(first.shape[1]))))
