"""Measurements of a current reference: its current as it flows, how it depends on the supply, and over which voltages at its output it holds."""

from __future__ import annotations

import numpy as np

from eda_agent.simulation.measurements import Real, Unmeasurable


def flowing(current: Real) -> Real:
    """A current (A) that flows out of the circuit or into it, as a positive one: by the sign of its sum, so that a part that turns stays negative."""
    return current if float(current.sum()) >= 0 else -current


def line_sensitivity(supply: Real, current: Real, low: float, high: float) -> float:
    """100·|ΔI| / (I·|ΔV|) in %/V between two supplies (V); I is the mean of both ends."""
    order = np.argsort(supply)
    ends = np.interp([low, high], supply[order], flowing(current)[order])
    middle = float(ends.mean())
    if middle <= 0 or high == low:
        raise Unmeasurable("the reference gives no current")
    return 100 * float(abs(ends[1] - ends[0])) / (middle * abs(high - low))


def compliance_range(voltage: Real, current: Real, at: float, tolerance: float) -> float:
    """Width (V) of the interval of output voltages around `at` (V) in which the current is within `tolerance` % of that at `at`.

    Its ends are interpolated; where the current is still within it at the end of the sweep, that end counts: the sweep goes from rail to rail.
    """
    order = np.argsort(voltage)
    axis, values = voltage[order], current[order]
    nominal = float(np.interp(at, axis, values))
    if nominal == 0:
        raise Unmeasurable("the reference gives no current")
    # above 0 inside
    room = tolerance / 100 - np.abs(values / nominal - 1)
    return _end(axis, room, at, 1) - _end(axis, room, at, -1)


def _end(axis: Real, room: Real, at: float, direction: int) -> float:
    """The first voltage from `at` on, upwards or downwards, where there is no more room."""
    side = np.flatnonzero(axis > at) if direction > 0 else np.flatnonzero(axis < at)[::-1]
    before, left = at, float(np.interp(at, axis, room))
    for index in side:
        if room[index] < 0:
            return float(before + left / (left - room[index]) * (axis[index] - before))
        before, left = float(axis[index]), float(room[index])
    return before
