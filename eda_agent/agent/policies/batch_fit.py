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


def fit_many(
    inputs: Real, outputs: Real, iterations: int = 30, least: float = 1e-6, held: Real | None = None
) -> list[GaussianProcess]:
    """Fit one process to each column.

    Args:
        inputs: (n, d) in [0, 1].
        outputs: (n, k); nan where unknown. A column needs at least one value.
        iterations: maximum number of steps for all of them.
        least: smallest assumed deviation of an output.
        held: (k, d + 1) log length scales and log variances to begin with; they stay with 0 `iterations`.
    """
    dimensions, many = inputs.shape[1], outputs.shape[1]
    if not many:
        return []
    means, deviations = np.nanmean(outputs, 0), np.maximum(np.nanstd(outputs, 0), least)
    objective = _Objective(inputs, (outputs - means) / deviations)
    begin = np.tile(np.append(np.full(dimensions, objective.prior), 0.0), (many, 1)) if held is None else held
    bounds = [*[BOUNDS] * dimensions, VARIANCES] * many
    with single_threaded():
        theta = begin
        if iterations:
            # the import takes a quarter of a second
            from scipy.optimize import minimize

            limits = {"maxiter": iterations}
            found = minimize(objective, begin.reshape(-1), jac=True, method="L-BFGS-B", bounds=bounds, options=limits)
            theta = found.x.reshape(many, dimensions + 1)
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
        self.upper = self.rows * len(inputs) + self.columns
        self.squares = (inputs[self.rows] - inputs[self.columns]) ** 2
        self.together = self.known[:, self.rows] & self.known[:, self.columns]
        self.prior = math.log(0.5 * math.sqrt(inputs.shape[1]))

    def matrices(self, theta: Real) -> tuple[Real, Real, Real, Real, Real]:
        """Covariances (k, n, n), and of the pairs: weights (k, d), and of (k, pairs) the decays, the slopes 1 + √5 r
        and the correlations over the decays.
        """
        weights, variance = np.exp(-2 * theta[:, :-1]), np.exp(theta[:, -1])
        distance = weights @ self.squares.T
        np.sqrt(distance, out=distance)
        distance *= _SQRT5
        decay = np.exp(-distance)
        decay *= self.together * variance[:, None]
        # (√5 r)² / 3 = 5/3 r²
        square = distance**2 / 3
        distance += 1
        square += distance
        values = square * decay
        count = self.targets.shape[1]
        found = np.empty((len(theta), count, count))
        found[:, self.rows, self.columns] = found[:, self.columns, self.rows] = values
        found[:, np.arange(count), np.arange(count)] = np.where(self.known, variance[:, None] + NOISE, 1.0)
        return found, weights, decay, distance, square

    def solve(self, matrices: Real) -> tuple[Real, Real]:
        """Lower factors (k, n, n) and K⁻¹y (k, n)."""
        factors = np.linalg.cholesky(matrices)
        inverse = np.linalg.inv(factors)
        return factors, np.einsum("kji,kj->ki", inverse, np.einsum("kij,kj->ki", inverse, self.targets))

    def __call__(self, flat: Real) -> tuple[float, Real]:
        theta = flat.reshape(len(self.targets), -1)
        matrices, weights, decay, slope, shape = self.matrices(theta)
        if (half_determinants := _inverted(matrices)) is None:
            return 1e10, np.zeros_like(flat)
        precision = matrices.reshape(len(theta), -1)[:, self.upper]
        matrices[:, self.columns, self.rows] = precision
        alpha = (matrices @ self.targets[..., None])[..., 0]
        scales, variances = theta[:, :-1] - self.prior, theta[:, -1]
        value = 0.5 * (alpha * self.targets).sum() + half_determinants
        value += 0.5 * (scales**2).sum() + 0.5 * (variances**2).sum()
        pairs = alpha[:, self.rows] * alpha[:, self.columns]
        pairs -= precision
        pairs *= decay
        shape *= pairs
        pairs *= slope
        gradient = np.empty_like(theta)
        # every pair occurs twice in the sum over the matrix
        gradient[:, :-1] = scales - 5 / 3 * (pairs @ self.squares) * weights
        diagonal = ((alpha**2 - np.diagonal(matrices, axis1=1, axis2=2)) * self.known).sum(1)
        gradient[:, -1] = variances - shape.sum(1) - 0.5 * np.exp(variances) * diagonal
        return float(value), gradient.reshape(-1)


def _inverted(matrices: Real) -> float | None:
    """Replace the upper triangles and diagonals of matrices (k, n, n) by those of their inverses. LAPACK's own routines
    take a third of the time of numpy's general inverse.

    Returns:
        the sum of half the log determinants; None if a matrix has no Cholesky factor.
    """
    from scipy.linalg.lapack import dpotrf, dpotri

    diagonals = np.empty(matrices.shape[:2])
    # transposed views have LAPACK's order of elements, so that its routines write in place
    for matrix, diagonal in zip(matrices.transpose(0, 2, 1), diagonals, strict=True):
        _, failed = dpotrf(matrix, lower=1, clean=0, overwrite_a=1)
        if failed:
            return None
        diagonal[:] = matrix.diagonal()
        dpotri(matrix, lower=1, overwrite_c=1)
    return float(np.log(diagonals).sum())
