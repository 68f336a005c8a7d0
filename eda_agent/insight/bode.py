"""The marks of a Bode plot: −3 dB, crossover, phase margin and gain margin, where the metrics measure them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eda_agent.insight.transfer import transfer
from eda_agent.metrics.gain import bandwidth
from eda_agent.metrics.measurable import Censored, Complex, Real, Unmeasurable
from eda_agent.metrics.open_loop import unstable_when_open
from eda_agent.metrics.stability import gain_margin, half_turns, level_at, passes, phase_margin, polar


@dataclass(frozen=True)
class BodeMark:
    """A point of a transfer function. `kind`: −3 dB, crossover, phase margin, gain margin. `frequency` in Hz, `gain` in
    dB, `phase` in degrees. `value`: the margin in degrees or dB, the frequency of the others.
    """

    kind: str
    frequency: float
    gain: float
    phase: float
    value: float


def bode_marks(wave: Mapping[str, Any], *, margins: bool, passband: bool) -> list[BodeMark]:
    """The marks of a waveform (as workers send it); one that the sweep does not contain is left out.

    Args:
        margins: mark crossover, phase and gain margin, as of a loop or of an amplifier that is to be fed back.
        passband: mark the frequency where the gain is 3 dB below its value at the lowest frequency.
    """
    frequency = np.asarray(wave["axis"], dtype=float)
    path = np.asarray(transfer(wave), dtype=complex)
    if not len(path) or not np.all(np.isfinite(path)) or not path[0]:
        return []
    found = []
    if passband:
        with contextlib.suppress(Censored, Unmeasurable):
            found.append(_point("−3 dB", frequency, path, bandwidth(frequency, path)))
    return [*found, *(_margins(frequency, path) if margins else [])]


def _point(kind: str, frequency: Real, path: Complex, at: float) -> BodeMark:
    place = float(np.interp(np.log(at), np.log(frequency), np.arange(len(frequency))))
    return _mark(kind, frequency, _polar_any(path), place, at)


def _polar_any(path: Complex) -> tuple[Real, Real]:
    """Gain in dB and phase in degrees, also of a path that inverts."""
    return 20 * np.log10(np.maximum(np.abs(path), 1e-300)), np.degrees(np.unwrap(np.angle(path)))


def _mark(kind: str, frequency: Real, levels: tuple[Real, Real], place: float, value: float | None = None) -> BodeMark:
    at = float(np.exp(level_at(np.log(frequency), place)))
    level, phase = levels
    return BodeMark(kind, at, level_at(level, place), level_at(phase, place), at if value is None else value)


def _margins(frequency: Real, path: Complex) -> list[BodeMark]:
    """The first crossover, and both margins where they are smallest."""
    try:
        margin = phase_margin(path)
        level, phase = polar(path)
    except (Censored, Unmeasurable):
        return []
    if unstable_when_open(frequency, path):
        return []
    crossings = [place for place, _ in passes(level, 0.0)]
    nearest = min(crossings, key=lambda place: abs(level_at(phase, place) % 360.0 - 180.0))
    falling = next((place for place, direction in passes(level, 0.0) if direction < 0), nearest)
    found = [
        _mark("crossover", frequency, (level, phase), falling),
        _mark("phase margin", frequency, (level, phase), nearest, margin),
    ]
    turns = [place for place, _ in half_turns(phase)]
    if turns:
        closest = min(turns, key=lambda place: abs(level_at(level, place)))
        found.append(_mark("gain margin", frequency, (level, phase), closest, gain_margin(path)))
    return found
