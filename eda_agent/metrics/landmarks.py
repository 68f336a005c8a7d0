"""Landmarks of a frequency response say where its poles and zeros act: the corner, the crossover with its phase, and
the frequencies at which the phase has turned by 45°, 90°, 135° and 180°.

The phase of one pole is −45° at its frequency. A second pole at f₂ adds −45° there, so after a dominant pole the phase
is −135° near f₂.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from eda_agent.metrics.measurable import Complex, Real

TURNS = (45.0, 90.0, 135.0, 180.0)


@dataclass(frozen=True)
class Landmarks:
    """Frequencies in Hz, gain in dB, phase in degrees without the sign at low frequency; None where the sweep has none.

    Attributes:
        gain: at the lowest frequency.
        corner: where the gain is 3 dB below that.
        crossover: where the gain first falls through 0 dB; `phase` there, unwrapped.
        turns: degrees → frequency at which the phase first lags by that much.
        end: gain at the highest frequency.
    """

    gain: float
    corner: float | None
    crossover: float | None
    phase: float | None
    turns: dict[float, float] = field(default_factory=dict)
    end: float = 0.0


def landmarks(frequency: Real, transfer: Complex) -> Landmarks:
    """The landmarks of H at the points of a sweep, interpolated over log frequency."""
    level = 20 * np.log10(np.maximum(np.abs(transfer), 1e-300))
    phase = np.degrees(np.unwrap(np.angle(transfer)))
    # from 0° on, or from 180° of a path that inverts; the lowest frequency is not quite zero
    phase = phase - 180.0 * np.round(phase[0] / 180.0)
    axis = np.log(frequency)
    corner, crossover = _first_below(axis, level, level[0] - 3.0103), _first_below(axis, level, 0.0)
    at = None if crossover is None else float(np.interp(crossover, axis, phase))
    found = {turn: _first_below(axis, phase, -turn) for turn in TURNS}
    turns = {turn: float(np.exp(place)) for turn, place in found.items() if place is not None}
    return Landmarks(float(level[0]), _hertz(corner), _hertz(crossover), at, turns, float(level[-1]))


def _first_below(axis: Real, values: Real, threshold: float) -> float | None:
    """The place on the axis where the values first fall through a threshold."""
    falls = np.flatnonzero((values[:-1] >= threshold) & (values[1:] < threshold))
    if not falls.size:
        return None
    index = int(falls[0])
    share = (values[index] - threshold) / (values[index] - values[index + 1])
    return float(axis[index] + share * (axis[index + 1] - axis[index]))


def _hertz(place: float | None) -> float | None:
    return None if place is None else float(np.exp(place))
