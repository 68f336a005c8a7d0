"""A batch fit is many Gaussian processes on the same inputs, fitted together: one evaluation of the objective serves
all of them.

The objective is that of `gaussian_process.fit`, summed over the outputs. The sum has the same minimum, because no
hyperparameter occurs in two terms.
"""

from __future__ import annotations

import math

import numpy as np

from eda_agent.agent.policies.base import single_threaded
from eda_agent.agent.policies.gaussian_process import BOUNDS, NOISE, VARIANCES, GaussianProcess, Real

_SQRT5 = math.sqrt(5.0)


def fit_many(inputs: Real, outputs: Real, iterations: int = 30, least: float = 1e-6) -> list[GaussianProcess]:
    """Fit one process to each column.

    Args:
        inputs: (n, d) in [0, 1].
        outputs: (n, k); nan where unknown. A column needs at least one value.
        iterations: maximum number of steps for all of them.
        least: smallest assumed deviation of an output.
    """
    # the import takes a quarter of a second
    from scipy.optimize import minimize

    dimensions, many = inputs.shape[1], outputs.shape[1]
    if not many:
        return []
    means, deviations = np.nanmean(outputs, 0), np.maximum(np.nanstd(outputs, 0), least)
    objective = _Objective(inputs, (outputs - means) / deviations)
    begin = np.tile(np.append(np.full(dimensions, objective.prior), 0.0), many)
    bounds = [*[BOUNDS] * dimensions, VARIANCES] * many
    with single_threaded():
        theta = minimize(
            objective, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations}
        ).x.reshape(many, dimensions + 1)
        factors, solved = objective.solve(objective.matrices(theta)[0])
    return [
        GaussianProcess(
            inputs[known],
            one[:-1],
            float(one[-1]),
            float(mean),
            float(deviation),
            factor[known][:, known],
            alpha[known],
        )
        for one, mean, deviation, factor, alpha, known in zip(
            theta, means, deviations, factors, solved, objective.known, strict=True
        )
    ]


class _Objective:
    """The sum of negative log posteriors of k standardised outputs (n, k), and its gradient, at k·(d + 1) values.

    An unknown output is independent of all others and has no error, so that it tells nothing.
    """

    def __init__(self, inputs: Real, targets: Real):
        self.targets, self.known = np.nan_to_num(targets.T), np.isfinite(targets.T)
        self.rows, self.columns = np.triu_indices(len(inputs), 1)
        self.squares = (inputs[self.rows] - inputs[self.columns]) ** 2
        self.together = self.known[:, self.rows] & self.known[:, self.columns]
        self.prior = math.log(0.5 * math.sqrt(inputs.shape[1]))

    def matrices(self, theta: Real) -> tuple[Real, Real, Real, Real]:
        """Covariances (k, n, n), and of the pairs: weights (k, d), distances and decays (k, pairs)."""
        weights, variance = np.exp(-2 * theta[:, :-1]), np.exp(theta[:, -1])
        distance = np.sqrt(weights @ self.squares.T)
        decay = self.together * variance[:, None] * np.exp(-_SQRT5 * distance)
        values = (1 + _SQRT5 * distance + 5 / 3 * distance**2) * decay
        count = self.targets.shape[1]
        found = np.empty((len(theta), count, count))
        found[:, self.rows, self.columns] = found[:, self.columns, self.rows] = values
        found[:, np.arange(count), np.arange(count)] = np.where(self.known, variance[:, None] + NOISE, 1.0)
        return found, weights, distance, decay

    def solve(self, matrices: Real) -> tuple[Real, Real]:
        """Lower factors (k, n, n) and K⁻¹y (k, n)."""
        factors = np.linalg.cholesky(matrices)
        inverse = np.linalg.inv(factors)
        return factors, np.einsum("kji,kj->ki", inverse, np.einsum("kij,kj->ki", inverse, self.targets))

    def __call__(self, flat: Real) -> tuple[float, Real]:
        theta = flat.reshape(len(self.targets), -1)
        try:
            matrices, weights, distance, decay = self.matrices(theta)
            factors = np.linalg.cholesky(matrices)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros_like(flat)
        inverse = np.linalg.inv(factors)
        precision = inverse.transpose(0, 2, 1) @ inverse
        alpha = np.einsum("kij,kj->ki", precision, self.targets)
        scales, variances = theta[:, :-1] - self.prior, theta[:, -1]
        value = 0.5 * (alpha * self.targets).sum() + np.log(np.diagonal(factors, axis1=1, axis2=2)).sum()
        value += 0.5 * (scales**2).sum() + 0.5 * (variances**2).sum()
        inner = alpha[:, :, None] * alpha[:, None, :] - precision
        pairs = inner[:, self.rows, self.columns] * decay
        gradient = np.empty_like(theta)
        # every pair occurs twice in the sum over the matrix
        gradient[:, :-1] = scales - ((pairs * (5 / 3 * (1 + _SQRT5 * distance))) @ self.squares) * weights
        half = (pairs * (1 + _SQRT5 * distance + 5 / 3 * distance**2)).sum(1)
        diagonal = (np.diagonal(inner, axis1=1, axis2=2) * self.known).sum(1)
        gradient[:, -1] = variances - half - 0.5 * np.exp(variances) * diagonal
        return float(value), gradient.reshape(-1)
