"""A Gaussian process with a Matérn-5/2 kernel and one length scale per dimension, in numpy.

Hyperparameters maximise the posterior (marginal likelihood times priors) by L-BFGS with analytic gradients. Source of
the formulas: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eqs. 2.25–2.26, 4.17, 5.8–5.9.
Inputs in [0, 1]^d; outputs are standardised internally.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.policies.base import single_threaded

Real = NDArray[Any]

_SQRT5 = math.sqrt(5.0)
NOISE = 1e-4
"""Variance of the noise of standardised outputs: the simulator has none, but margins have kinks."""
BOUNDS = (math.log(0.03), math.log(20.0))
"""Of a log length scale."""
VARIANCES = (math.log(0.05), math.log(20.0))
"""Bounds of the log variance."""


@dataclass
class GaussianProcess:
    """A fitted process. `log_scales` (d): log length scales; `log_variance`: log of the signal variance."""

    inputs: Real
    log_scales: Real
    log_variance: float
    mean: float
    deviation: float
    factor: Real
    solved: Real

    @property
    def likelihood(self) -> float:
        """Mean log density of each output given the others, in the outputs' own units."""
        return leave_one_out(self.factor, self.solved) - math.log(self.deviation)

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Posterior mean and standard deviation (m,) at m×d points, in the outputs' own units."""
        covariance = math.exp(self.log_variance) * matern(_distances(points, self.inputs, self.log_scales))
        mean = covariance @ self.solved
        # predictions are asked for many times: a product is faster than solving
        half = covariance @ self._inverse.T
        variance = np.maximum(math.exp(self.log_variance) - np.einsum("ij,ij->i", half, half), 1e-10)
        return self.mean + self.deviation * mean, self.deviation * np.sqrt(variance)

    @cached_property
    def _inverse(self) -> Real:
        """Of the factor."""
        return np.linalg.inv(self.factor)


def fit(
    inputs: Real, outputs: Real, start: tuple[Real, float] | None = None, iterations: int = 30, least: float = 1e-6
) -> GaussianProcess:
    """Fit to n×d inputs and n outputs.

    Args:
        inputs: (n, d) in [0, 1].
        outputs: (n,).
        start: initial log length scales and log variance.
        least: smallest assumed deviation of the outputs.
    """
    # the import takes a quarter of a second, which a policy with a surrogate does not need before the first proposal
    from scipy.linalg import cho_factor, cho_solve
    from scipy.optimize import minimize

    count, dimensions = inputs.shape
    mean, deviation = float(outputs.mean()), float(max(outputs.std(), least))
    targets = (outputs - mean) / deviation
    # length scales of about √d keep the prior's correlation between random points independent of d
    prior = math.log(0.5 * math.sqrt(dimensions))
    begin = (
        np.concatenate([start[0], [start[1]]])
        if start is not None
        else np.concatenate([np.full(dimensions, prior), [0.0]])
    )
    squares = (inputs[:, None, :] - inputs[None, :, :]) ** 2

    def objective(theta: Real) -> tuple[float, Real]:
        scales, variance = theta[:-1], math.exp(theta[-1])
        weighted = squares * np.exp(-2 * scales)
        distance = np.sqrt(weighted.sum(axis=2))
        decay = np.exp(-_SQRT5 * distance)
        kernel = variance * (1 + _SQRT5 * distance + 5 / 3 * distance**2) * decay
        matrix = kernel + NOISE * np.eye(count)
        try:
            factor = cho_factor(matrix, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros_like(theta)
        alpha = cho_solve(factor, targets, check_finite=False)
        value = 0.5 * targets @ alpha + np.log(np.diag(factor[0])).sum()
        inner = np.outer(alpha, alpha) - cho_solve(factor, np.eye(count), check_finite=False)
        # ∂k/∂log ℓ_j = σ² 5/3 (1 + √5 r) e^{−√5 r} (x_j − x'_j)²/ℓ_j²
        slope = inner * (variance * 5 / 3 * (1 + _SQRT5 * distance) * decay)
        gradient = np.empty_like(theta)
        gradient[:-1] = -0.5 * np.einsum("ij,ijk->k", slope, weighted)
        gradient[-1] = -0.5 * np.sum(inner * kernel)
        # log-normal priors on the scales (σ = 1) and on the variance
        value += 0.5 * np.sum((scales - prior) ** 2) + 0.5 * theta[-1] ** 2
        gradient[:-1] += scales - prior
        gradient[-1] += theta[-1]
        return float(value), gradient

    bounds = [BOUNDS] * dimensions + [VARIANCES]
    with single_threaded():
        theta = minimize(
            objective, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations}
        ).x
        variance = math.exp(theta[-1])
        matrix = variance * matern(_distances(inputs, inputs, theta[:-1])) + NOISE * np.eye(count)
        lower = np.linalg.cholesky(matrix)
        solved = cho_solve((lower, True), targets, check_finite=False)
    return GaussianProcess(inputs, theta[:-1], float(theta[-1]), mean, deviation, lower, solved)


def leave_one_out(factor: Real, solved: Real) -> float:
    """Mean log predictive density of each output given the others: ibid. eqs. 5.10–5.12, from the lower factor of K and
    K⁻¹y.
    """
    variance = 1 / (np.linalg.inv(factor) ** 2).sum(0)
    error = solved * variance
    return float(np.mean(-0.5 * np.log(2 * math.pi * variance) - 0.5 * error**2 / variance))


def _distances(first: Real, second: Real, log_scales: Real) -> Real:
    left, right = first * np.exp(-log_scales), second * np.exp(-log_scales)
    square = (left**2).sum(1)[:, None] + (right**2).sum(1)[None, :] - 2 * left @ right.T
    return np.asarray(np.sqrt(np.maximum(square, 0.0)))


def matern(distance: Real) -> Real:
    """Correlation at distances in length scales."""
    return np.asarray((1 + _SQRT5 * distance + 5 / 3 * distance**2) * np.exp(-_SQRT5 * distance))
