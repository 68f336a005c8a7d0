"""The derivative of a vector along its axis: that of the parabola through three neighbours.

The parabola is found by Gaussian elimination in the order of `ft_polyfit` of ngspice 39. On an axis of close times that
elimination loses digits, and another method would differ from ngspice in them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
_CHUNK = 50_000
"""Parabolas at once, so that the memory stays small."""


def derivative(y: Real, x: Real) -> Real:
    """The derivative at every point: of the parabola around it, at the ends of the one beside it. At least three
    points.
    """
    slopes = [_coefficients(x[start : start + _CHUNK + 2], y[start : start + _CHUNK + 2])
              for start in range(0, x.size - 2, _CHUNK)]  # fmt: skip
    first, second = (np.concatenate(parts) for parts in zip(*slopes, strict=True))
    inner = second * x[1:-1] + first
    return np.concatenate([[second[0] * x[0] + first[0]], inner, [second[-1] * x[-1] + first[-1]]])


def _coefficients(x: Real, y: Real) -> tuple[Real, Real]:
    """Constant and linear coefficient of the derivative of each parabola through three neighbours."""
    columns = np.stack([x[:-2], x[1:-1], x[2:]], axis=1)
    matrix = np.stack([np.ones_like(columns), columns, columns * columns], axis=2)
    right = np.stack([y[:-2], y[1:-1], y[2:]], axis=1).astype(np.float64)
    rows = np.arange(len(matrix))
    for pivot in range(3):
        best = pivot + np.argmax(np.abs(matrix[:, pivot:, pivot]), axis=1)
        _exchange(matrix, rows, pivot, best)
        _exchange(right, rows, pivot, best)
        for row in range(pivot + 1, 3):
            _eliminate(matrix, right, row, pivot)
    for pivot in (2, 1):
        for row in range(pivot - 1, -1, -1):
            _eliminate(matrix, right, row, pivot)
    found = right / np.stack([matrix[:, place, place] for place in range(3)], axis=1)
    return found[:, 1], 2 * found[:, 2]


def _exchange(values: NDArray[Any], rows: NDArray[Any], pivot: int, best: NDArray[Any]) -> None:
    kept = values[:, pivot].copy()
    values[:, pivot] = values[rows, best]
    values[rows, best] = kept


def _eliminate(matrix: Real, right: Real, row: int, pivot: int) -> None:
    factor = matrix[:, row, pivot] / matrix[:, pivot, pivot]
    matrix[:, row] -= factor[:, None] * matrix[:, pivot]
    right[:, row] -= factor * right[:, pivot]
