"""A section of second order between the points of a sweep: f/H is a polynomial in f, so that four points give the peak
of any quality factor.

For a low-pass 1/H has the degree 2, for a band-pass f/H. Poles far away change slowly over four points.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.metrics.measurable import Complex, Real

TURN = 1.0
"""Degrees between two points, near a peak, that are drawn finer."""
SHARE, TWICE = 256, 2
FALL = 0.1
"""Share of a peak's magnitude down to which its sides are drawn finer: no zero is near there."""
PASSES = 10.0
"""A band-pass has this many times the gain of both ends of the sweep at its peak."""


def finer(frequency: Real, transfer: Complex) -> tuple[Real, Complex]:
    """The sweep with `SHARE` points in each interval near a peak of the magnitude in which the phase turns, and again
    where it still does.
    """
    for _ in range(TWICE):
        level = np.abs(transfer)
        if not (level > 0).all():
            break
        turned = np.degrees(np.abs(np.angle(transfer[1:] / transfer[:-1])))
        wanted = np.flatnonzero(_near_a_peak(level) & (turned > TURN))
        if not wanted.size:
            break
        frequency, transfer = _drawn(frequency, transfer, wanted)
    return frequency, transfer


def passband(frequency: Real, transfer: Complex) -> tuple[float, float, float] | None:
    """(lower edge, peak, upper edge) in Hz of a band-pass, the edges 3.01 dB below the peak; None if it is none."""
    frequency, transfer = finer(frequency, transfer)
    level, axis = np.abs(transfer), np.log(frequency)
    top = int(np.argmax(level))
    if level[top] <= PASSES * max(level[0], level[-1]):
        return None
    edge = level[top] / math.sqrt(2)
    below = np.flatnonzero(level[: top + 1] < edge)[-1]
    above = top + np.flatnonzero(level[top:] < edge)[0]
    low, high = (
        math.exp(float(np.interp(edge, level[order], axis[order])))
        for order in ([below, below + 1], [above, above - 1])
    )
    return low, float(frequency[top]), high


def finer_power(frequency: Real, power: Real) -> tuple[Real, Real]:
    """The same for a power density: f²/p is a polynomial in f² of degree 2 or 3."""
    jump = np.abs(np.diff(np.log(power))) > np.log(1.05)
    square, found = _drawn(frequency**2, power, np.flatnonzero(_near_a_peak(power) & jump))
    return np.sqrt(square), found


def _near_a_peak(level: Real) -> NDArray[np.bool_]:
    """Which intervals are on the sides of a point that both of its neighbours do not reach; one at least on each."""
    found = np.zeros(len(level) - 1, dtype=bool)
    for top in np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] >= level[2:])) + 1:
        low = np.flatnonzero(level[:top] < FALL * level[top])
        high = np.flatnonzero(level[top:] < FALL * level[top])
        start, stop = int(low[-1]) if low.size else 0, top + int(high[0]) if high.size else len(level) - 1
        found[start:stop] = True
    return found


def _drawn(axis: Real, values: NDArray[Any], intervals: NDArray[np.int64]) -> tuple[Real, NDArray[Any]]:
    """Points (axis, values) with those of a cubic for axis/values between the ends of these intervals."""
    axes, drawn = [axis], [values]
    for index in intervals:
        first = min(max(index - 1, 0), len(axis) - 4)
        if first < 0:
            continue
        nodes = axis[first : first + 4] / axis[index]
        inner = np.geomspace(nodes[index - first], nodes[index - first + 1], SHARE + 1)[1:-1]
        fit = sum(
            nodes[one] / values[first + one]
            * np.prod([(inner - nodes[k]) / (nodes[one] - nodes[k]) for k in range(4) if k != one], axis=0)
            for one in range(4)
        )  # fmt: skip
        if np.iscomplexobj(values) or (np.asarray(fit) > 0).all():
            axes.append(inner * axis[index])
            drawn.append(inner / fit)
    order = np.argsort(np.concatenate(axes), kind="stable")
    return np.concatenate(axes)[order], np.concatenate(drawn)[order]
