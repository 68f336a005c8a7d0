"""A loop that is unstable when it is open has poles in the right half plane; its phase then rises where poles of the
left half plane let it fall, and margins read from it mean nothing.

The phase of a stable transfer function is never above the minimum phase that belongs to its magnitude: zeros in the
right half plane and delays only lower it. A pair of poles in the right half plane lifts it by 360° against the minimum
phase.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from eda_agent.metrics.measurable import Complex, Real, Unmeasurable

EXCESS = 120.0
"""Rise (degrees) against the minimum phase that only poles in the right half plane explain: a third of a pair's."""
UNCLEAR = 90.0
"""Change of phase between two points from which its sign is unknown."""
LEAST, MOST = 8, 512
"""Number of points of a sweep from which it is judged, and at which the minimum phase is computed at most."""
_TERMS = 2.0 * np.arange(400) + 1.0
_REACH = np.geomspace(1e-5, 40.0, 1500)
_AREA = np.concatenate([[0.0], 2 * ((1 - np.exp(-np.outer(_REACH, _TERMS))) / _TERMS**2).sum(1)])
"""∫ ln coth(u/2) du from 0 to each of the reaches: 2 Σ (1 − e^(−ku)) / k² over odd k."""


def stable_when_open(frequency: Real, transfer: Complex) -> Complex:
    """The loop gain itself. Raises `Unmeasurable` if the loop is unstable when it is open."""
    if len(frequency) < LEAST or frequency[0] <= 0 or (np.diff(frequency) <= 0).any():
        return transfer
    phase = np.degrees(np.unwrap(np.angle(transfer)))
    unclear = np.flatnonzero(np.abs(np.diff(phase)) > UNCLEAR)
    last = int(unclear[0]) if len(unclear) else len(phase) - 1
    some = slice(None, None, -(-len(phase) // MOST))
    excess = phase[some] - minimum_phase(frequency[some], np.abs(transfer[some]))
    if _rise(excess[: last // some.step + 1]) > EXCESS:
        raise Unmeasurable("the loop is unstable when it is open: a loop inside it oscillates")
    return transfer


def minimum_phase(frequency: Real, magnitude: Real) -> Real:
    """Degrees (n,) of the transfer function of this magnitude (n,) without poles or zeros in the right half plane.

    Bode's relation, φ(ω) = 1/π ∫ d ln|T|/du · ln coth|u/2| du with u = ln(ω'/ω) (H. W. Bode, Network Analysis and
    Feedback Amplifier Design, 1945, chapter 14), exact for a magnitude of straight lines between the points. Below
    the sweep the magnitude is constant, above it goes on with its last slope.
    """
    at, level = np.log(frequency), np.log(np.maximum(magnitude, 1e-300))
    slopes = np.concatenate([[0.0], np.diff(level) / np.diff(at), [(level[-1] - level[-2]) / (at[-1] - at[-2])]])
    return np.asarray(_weights(at.tobytes()) @ slopes)


@lru_cache(maxsize=4)
def _weights(points: bytes) -> Real:
    """Degrees (n, n + 1) at ln(frequency) `points` by slopes below, between and above them; sweeps repeat theirs."""
    at = np.frombuffer(points)
    away = np.concatenate([[at[0] - _REACH[-1]], at, [at[-1] + _REACH[-1]]])[None] - at[:, None]
    areas = np.sign(away) * np.interp(np.abs(away), np.concatenate([[0.0], _REACH]), _AREA)
    return np.asarray(np.degrees(np.diff(areas, axis=1)) / np.pi)


def _rise(values: Real) -> float:
    """The largest rise from one of the values to a later one."""
    return float((values - np.minimum.accumulate(values)).max())
