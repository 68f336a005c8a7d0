"""A tail is the end of a waveform: its final value, whether it is reached, and how much longer the window must be.

The means over three consecutive equal parts show the drift: for one exponential their differences d₁, d₂ have the ratio
r = exp(−h/τ), and the remaining change is d₂ r/(1 − r) (Aitken's Δ²). Means suppress ringing, whose envelope is
measured by the ranges of the parts. One part earlier the result must be the same: an output that has just turned, on
its way back from a peak, is not an exponential. A drift with a time constant of up to sixteen windows is found, and
extrapolated up to eight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eda_agent.metrics.measurable import Real, mean

PARTS = 6
"""Number of parts of a window; the last four are used."""
SLOWEST = 0.98
"""Maximum ratio of the drifts of two consecutive parts: above it, the drift cannot be distinguished from noise."""
SUSTAINED = 0.97
"""An envelope that keeps this share from part to part does not decay."""
SPARE = 1.5
"""Reserve of a window over the time to settle."""
TURNED = 2.0
"""Factor of the window if the remaining change is unknown, as for an output that has just turned."""


@dataclass(frozen=True)
class Tail:
    """`final`: the final value of the waveform. `wanted`: factor by which the window should be longer, 0 if unknown."""

    final: float
    settled: bool
    wanted: float = 0.0
    oscillates: bool = False
    rings: bool = False


def tail(time: Real, value: Real, start: float, stop: float, band: float) -> Tail:
    """The end of a waveform that changed at `start`, observed until `stop` (s). It is settled if the last part lies
    within `band` (V) of its final value.
    """
    length = (stop - start) / PARTS
    means = [mean(time, value, stop - k * length, stop - (k - 1) * length) for k in (4, 3, 2, 1)]
    earlier, _ = _extrapolated(*means[:3])
    final, ratio = _extrapolated(*means[1:])
    now = means[3] - means[2]
    ranges = [_part(time, value, stop - k * length, stop - (k - 1) * length) for k in (2, 1)]
    swings, ends = [float(np.ptp(part)) for part in ranges], ranges[1]
    # for a drift the range is below the difference of the means
    ringing = swings[1] > 2 * abs(now) and swings[1] > band
    known = abs(final - means[3]) <= band / 2 and abs(final - earlier) <= band / 2
    if not ringing and known and float(np.abs(ends - final).max()) <= band:
        return Tail(final, True)
    if ringing and swings[1] >= SUSTAINED * swings[0]:
        return Tail(final, False, oscillates=True)
    if ringing:
        ratio, off = swings[1] / swings[0], swings[1] / 2
    else:
        off = abs(float(ends[-1]) - final)
    if ratio <= 0:
        return Tail(final, False, TURNED)
    more = -length / math.log(ratio) * math.log(max(off / band, 1.0))
    return Tail(final, False, SPARE * (1 + more / (stop - start)), rings=ringing)


def _extrapolated(first: float, second: float, third: float) -> tuple[float, float]:
    """The limit of three consecutive means, and the ratio of their differences; 0 if they turn."""
    before, now = second - first, third - second
    ratio = min(now / before, SLOWEST) if before * now > 0 else 0.0
    return third + now * ratio / (1 - ratio), ratio


def _part(time: Real, value: Real, start: float, stop: float) -> Real:
    inside = (time > start) & (time < stop)
    return np.concatenate([[np.interp(start, time, value)], value[inside], [np.interp(stop, time, value)]])
