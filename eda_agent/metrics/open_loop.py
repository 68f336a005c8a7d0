"""A loop that is unstable when it is open has poles in the right half plane; its phase then rises where poles of the
left half plane let it fall, and margins read from it mean nothing.

The phase of a stable transfer function is never above the minimum phase that belongs to its magnitude: zeros in the
right half plane and delays only lower it. A pair of poles in the right half plane lifts it by 360° against the minimum
phase.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from eda_agent.metrics.measurable import Complex, Real, Unmeasurable

EXCESS = 120.0
"""Rise (degrees) against the minimum phase that only poles in the right half plane explain: a third of a pair's."""
UNCLEAR = 90.0
"""Change of phase between two points from which its sign is unknown."""
PEAK = 0.3
"""ln of the magnitude by which a resonance stands out at such a step."""
SPIKE = 120.0
"""Change of phase from the point before a resonance to the point after it from which its sign is unknown."""
FINER = 10.0
"""Factor of the sweep's points if a resonance is too sharp for them."""
END = 2.0
"""Part of the sweep's end that is not judged, as a factor."""
HALF_DECADE = math.log(10) / 2
LEAST, MOST = 8, 512
"""Number of points of a sweep from which it is judged, and at which the minimum phase is computed at most."""
_TERMS = 2.0 * np.arange(400) + 1.0
_REACH = np.geomspace(1e-5, 40.0, 1500)
_AREA = np.concatenate([[0.0], 2 * ((1 - np.exp(-np.outer(_REACH, _TERMS))) / _TERMS**2).sum(1)])
"""∫ ln coth(u/2) du from 0 to each of the reaches: 2 Σ (1 − e^(−ku)) / k² over odd k."""


def stable_when_open(frequency: Real, transfer: Complex) -> Complex:
    """The loop gain itself. Raises `Unmeasurable` if the loop is unstable when it is open, or if a resonance is too
    sharp to tell.
    """
    unstable = unstable_when_open(frequency, transfer)
    if unstable is None:
        raise Unmeasurable("a resonance is too sharp for the points of the sweep", FINER)
    if unstable:
        raise Unmeasurable("the loop is unstable when it is open: a loop inside it oscillates")
    return transfer


def unstable_when_open(frequency: Real, transfer: Complex) -> bool | None:
    """Whether a transfer function has poles in the right half plane; None if a resonance is too sharp for the points.

    A zero near the imaginary axis may lie on either side of it.
    """
    if len(frequency) < LEAST or frequency[0] <= 0 or (np.diff(frequency) <= 0).any():
        return False
    kept = _outside_notches(np.abs(transfer))
    if np.count_nonzero(kept) < LEAST:
        return False
    frequency, magnitude = frequency[kept], np.abs(transfer[kept])
    phase, level = np.degrees(np.unwrap(np.angle(transfer[kept]))), np.log(magnitude)
    last = _first_spike(phase, level)
    for place in np.flatnonzero(np.abs(np.diff(phase[: last + 1])) > UNCLEAR):
        around = (level[max(place - 2, 0)] + level[min(place + 3, len(level) - 1)]) / 2
        if (level[place] + level[place + 1]) / 2 > around + PEAK:
            last = int(place)
            break
        if phase[place + 1] > phase[place]:
            # of a notch, or a delay, the sign that is no pole's
            phase[place + 1 :] -= 360.0
    some = slice(None, None, -(-len(phase) // MOST))
    excess = phase[some] - minimum_phase(frequency[some], magnitude[some])
    # near its end the minimum phase is inaccurate
    trusted = min(last // some.step + 1, int(np.searchsorted(frequency[some], frequency[-1] / END)))
    if _rise(excess[:trusted]) > EXCESS:
        return True
    return None if last < len(phase) - 1 else False


def _first_spike(phase: Real, level: Real) -> int:
    """The point before the first resonance that a single point shows, the last point without one: straight lines to its
    neighbours give it a wrong minimum phase.
    """
    above = np.minimum(level[1:-1] - level[:-2], level[1:-1] - level[2:]) > PEAK
    found = np.flatnonzero(above & (np.abs(phase[2:] - phase[:-2]) > SPIKE))
    return int(found[0]) if found.size else len(phase) - 1


def minimum_phase(frequency: Real, magnitude: Real) -> Real:
    """Degrees (n,) of the transfer function of this magnitude (n,) without poles or zeros in the right half plane.

    Bode's relation, φ(ω) = 1/π ∫ d ln|T|/du · ln coth|u/2| du with u = ln(ω'/ω) (H. W. Bode, Network Analysis and
    Feedback Amplifier Design, 1945, chapter 14), exact for a magnitude of straight lines between the points. Below
    the sweep the magnitude is constant, above it goes on with the mean slope of its last half decade.
    """
    at, level = np.log(frequency), np.log(np.maximum(magnitude, 1e-300))
    tail = min(int(np.searchsorted(at, at[-1] - HALF_DECADE)), len(at) - 2)
    slopes = np.concatenate([[0.0], np.diff(level) / np.diff(at), [(level[-1] - level[tail]) / (at[-1] - at[tail])]])
    return np.asarray(_weights(at.tobytes()) @ slopes)


@lru_cache(maxsize=4)
def _weights(points: bytes) -> Real:
    """Degrees (n, n + 1) at ln(frequency) `points` by slopes below, between and above them; sweeps repeat theirs."""
    at = np.frombuffer(points)
    away = np.concatenate([[at[0] - _REACH[-1]], at, [at[-1] + _REACH[-1]]])[None] - at[:, None]
    areas = np.sign(away) * np.interp(np.abs(away), np.concatenate([[0.0], _REACH]), _AREA)
    return np.asarray(np.degrees(np.diff(areas, axis=1)) / np.pi)


def _outside_notches(magnitude: Real) -> Real:
    """Which points have a phase: not those that lie exactly in a notch, 120 dB below their neighbours."""
    beside = np.maximum(np.append(magnitude[1:], magnitude[-2]), np.insert(magnitude[:-1], 0, magnitude[1]))
    return np.asarray(magnitude > 1e-6 * beside)


def _rise(values: Real) -> float:
    """The largest rise from one of the values to a later one."""
    return float((values - np.minimum.accumulate(values)).max())
