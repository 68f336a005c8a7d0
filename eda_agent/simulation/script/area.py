"""The area under a curve, by the rules of `measure_rms_integral` of ngspice 39."""

from __future__ import annotations

import itertools

import numpy as np


def area(x: list[float], y: list[float]) -> float:
    """The area under the points (x, y), x ascending. Two points may be at one place: a window that ends on a point."""
    width = [b - a for a, b in itertools.pairwise(x)] + [0.0, 0.0]
    # a last step of no width equals the widths behind it, and then three steps are taken from the end
    y = [*y, 0.0, 0.0]
    cubic = square = plain = 0.0
    i = 0
    while i < len(x) - 1:
        if same(width[i], width[i + 1]) and i + 2 < len(width) and same(width[i], width[i + 2]):
            cubic += 3 * width[i] * (y[i] + 3 * (y[i + 1] + y[i + 2]) + y[i + 3]) / 8.0
            i += 3
        elif same(width[i], width[i + 1]):
            square += width[i] * (y[i] + 4 * y[i + 1] + y[i + 2]) / 3.0
            i += 2
        else:
            plain += width[i] * (y[i] + y[i + 1]) / 2
            i += 1
    return cubic + square + plain


def same(a: float, b: float) -> bool:
    """Whether two numbers are at most 100 floating-point numbers apart."""
    if a == b:
        return True
    first, second = (int(np.float64(value).view(np.int64)) for value in (a, b))
    least = -(2**63)
    first, second = (least - value if value < 0 else value for value in (first, second))
    return abs(first - second) <= 100
