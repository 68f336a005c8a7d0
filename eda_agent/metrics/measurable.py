"""A measurable number exists in a waveform; if it does not, or is only bounded, the measurement raises the reason.

A made-up number would be optimised. Crossings are interpolated.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from eda_agent.units import format_quantity

WIDER = 4.0
"""Factor by which a sweep is widened if its end was too near and the right factor is unknown."""
Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Unmeasurable(ValueError):
    """The waveform has no such number; the message says why. `wanted`: factor by which the window should be longer or
    wider, 0 if that does not help.
    """

    def __init__(self, why: str, wanted: float = 0.0):
        super().__init__(why)
        self.wanted = wanted


class Censored(Unmeasurable):
    """The number lies beyond the observed range: above (`bound` ">") or below ("<") `value`, the end of a window, a
    sweep or a band.

    The message is short and names what was not observed: "not settled".
    """

    def __init__(self, why: str, bound: str, value: float, wanted: float = 0.0):
        super().__init__(why, wanted)
        self.bound, self.value = bound, value


def mean(time: Real, value: Real, start: float, stop: float) -> float:
    """Time average of a waveform between two times (s), on a non-uniform axis."""
    if stop <= start or start < time[0] or stop > time[-1] * (1 + 1e-9):
        raise Unmeasurable("the transient does not cover the averaging window")
    axis = np.unique(np.concatenate([[start], time[(time > start) & (time < stop)], [stop]]))
    return float(np.trapezoid(np.interp(axis, time, value), axis) / (stop - start))


def crossing(
    time: Real,
    value: Real,
    threshold: float,
    *,
    rising: bool,
    after: float = -math.inf,
    before: float = math.inf,
    last: bool = False,
) -> float:
    """The first (or `last`) time (s) from `after` to `before` at which `value` passes `threshold` in the given
    direction.
    """
    side = value >= threshold if rising else value <= threshold
    steps = np.flatnonzero(~side[:-1] & side[1:])
    for index in steps[::-1] if last else steps:
        share = (threshold - value[index]) / (value[index + 1] - value[index])
        moment = float(time[index] + share * (time[index + 1] - time[index]))
        if after <= moment <= before:
            return moment
    raise Unmeasurable(f"never {'rises' if rising else 'falls'} through {format_quantity(threshold, 'V')}")


def must_cover(axis: Real, at: float, what: str) -> None:
    if not axis.min() * (1 - 1e-9) <= at <= axis.max() * (1 + 1e-9):
        raise Unmeasurable(f"{what} was not simulated at {format_quantity(at, 'Hz')}")
