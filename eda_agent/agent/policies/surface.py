"""A response surface says what sizes measure, by a quadratic of their positions for every quantity, fitted to designs simulated under many conditions.

What differs from one condition to another as a whole is taken off before the fit. What is left between the surface and a condition that it
has not seen is one common offset and a Gaussian process, whose sizes, length and noise the fit tells, so that a handful of turns moves the
surface to where it belongs. Ridge regression with generalised cross-validation: Golub, Heath and Wahba, Technometrics 21 (1979), 215; the
process: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eqs. 2.25–2.26.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from eda_agent.agent.policies.gaussian_process import Real, leave_one_out, matern

RIDGES = (0.1, 1.0, 10.0, 100.0)
LENGTHS, NOISES = (0.1, 0.2, 0.3, 0.5), (0.01, 0.1, 0.5)
"""Of which the data chooses: ridges; length scales in √d ranges; noise as a share of the variance (the simulator has none, but specs have kinks)."""
LIKELY = 60
"""Designs of a condition that length and noise are chosen by."""
OUTLIER = 3.0
"""Deviations beyond which a turn is believed less: far from what was fitted a quadratic says little."""


@dataclass(frozen=True)
class Surface:
    """For features f, quantities q: `weights` (f, q), `middle`, and what was seen, `low` to `high` (q,).

    `between` (q,): deviation of the offsets of conditions; `within` (q,): deviation around the surface, with its `lengths` and `noises`.
    """

    weights: Real
    middle: Real
    low: Real
    high: Real
    between: Real
    within: Real
    lengths: Real
    noises: Real

    def predict(self, points: Real) -> Real:
        """(n, q) at n×d positions, cut to what was seen: outside, a quadratic knows no bounds."""
        return np.asarray(np.clip(features(points) @ self.weights + self.middle, self.low, self.high))


def features(points: Real) -> Real:
    """All terms of first and second degree: n×d in [0, 1] to n×(d + d(d+1)/2)."""
    centred = 2 * points - 1
    first, second = np.triu_indices(points.shape[1])
    return np.hstack([centred, centred[:, first] * centred[:, second]])


def fit_surface(points: Real, values: Real, conditions: NDArray[np.integer]) -> Surface:
    """Of n×d positions, n×q finite values, n conditions. Raises `ValueError` where no condition has two designs."""
    values = np.clip(values, *np.quantile(values, [0.01, 0.99], axis=0))
    member = conditions[:, None] == np.unique(conditions)[None, :]
    member = member[:, member.sum(0) > 1]
    kept = member.any(1)
    if not kept.any():
        raise ValueError("no condition has two designs")
    points, values, member = points[kept], values[kept], member[kept]
    means = (member / member.sum(0)).T
    terms = features(points)
    inner, outer = terms - member @ (means @ terms), values - member @ (means @ values)
    spread = inner.std(0) + 1e-9
    left, singular, right = np.linalg.svd(inner / spread, full_matrices=False)
    columns, errors = [], []
    for target in outer.T:
        along = left.T @ target
        found = []
        for ridge in RIDGES:
            shrink = singular**2 / (singular**2 + ridge)
            missed = target - left @ (shrink * along)
            free = 1 - (shrink.sum() + member.shape[1]) / len(target)
            found.append((float(missed @ missed) / len(target) / max(free, 0.05) ** 2, ridge))
        risk, ridge = min(found)
        columns.append(right.T @ (singular / (singular**2 + ridge) * along) / spread)
        errors.append(np.sqrt(risk))
    weights = np.stack(columns, 1)
    offsets = means @ (values - terms @ weights)
    lengths, noises = _smoothness(points, outer - inner @ weights, member)
    return Surface(
        weights, offsets.mean(0), values.min(0), values.max(0), offsets.std(0) + 1e-6, np.array(errors) + 1e-9, lengths, noises
    )  # fmt: skip


def _smoothness(points: Real, rest: Real, member: NDArray[np.bool_]) -> tuple[Real, Real]:
    """Length and noise of what the surface leaves, a quantity: those that make the conditions' residuals likeliest, each with a variance of its own."""
    options = list(product(LENGTHS, NOISES))
    costs = np.zeros((len(options), rest.shape[1]))
    for column in member.T:
        here, left = points[column][:LIKELY], rest[column][:LIKELY]
        for number, (length, noise) in enumerate(options):
            factor = np.linalg.cholesky(kernel(here, here, length) + noise * np.eye(len(here)))
            power = (solve_triangular(factor, left, lower=True) ** 2).mean(0) + 1e-30
            costs[number] += 0.5 * len(here) * np.log(power) + np.log(np.diag(factor)).sum()
    best = np.array(options)[costs.argmin(0)]
    return best[:, 0], best[:, 1]


def kernel(first: Real, second: Real, length: float) -> Real:
    """Correlations (n, m) of n×d and m×d positions, `length` in √d ranges."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1)[None, :] - 2 * first @ second.T
    return matern(np.sqrt(np.maximum(squares, 0.0)) / (length * np.sqrt(first.shape[1])))


@dataclass(frozen=True)
class Moved:
    """One quantity of a surface under a condition that some measurements tell of."""

    surface: Surface
    column: int
    inputs: Real
    factor: Real
    solved: Real

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at m×d positions."""
        surface, at = self.surface, self.column
        between, within = surface.between[at] ** 2, surface.within[at] ** 2
        covariance = between + within * kernel(points, self.inputs, surface.lengths[at])
        half = solve_triangular(self.factor, covariance.T, lower=True, check_finite=False)
        variance = np.maximum(between + within - np.einsum("ij,ij->j", half, half), 1e-4 * within)
        return surface.predict(points)[:, at] + covariance @ self.solved, np.sqrt(variance)

    @property
    def likelihood(self) -> float:
        """How well it foretells each measurement from the others: mean log density, −∞ without any."""
        return leave_one_out(self.factor, self.solved) if len(self.solved) else -np.inf


def moved(surface: Surface, column: int, points: Real, seen: Real) -> Moved:
    """A quantity, measured as `seen` (n,) at n×d positions; what is not finite is left out."""
    good = np.isfinite(seen)
    points, error = points[good], (seen - surface.predict(points)[:, column])[good]
    between, within = surface.between[column] ** 2, surface.within[column] ** 2
    edge = OUTLIER * np.sqrt(within)
    doubt = np.maximum(np.abs(error - np.median(error)), edge) - edge if len(error) > 2 else np.zeros(len(error))
    matrix = between + within * kernel(points, points, surface.lengths[column]) + np.diag(surface.noises[column] * within + doubt**2)
    factor = np.linalg.cholesky(matrix)
    return Moved(surface, column, points, factor, cho_solve((factor, True), error))
