"""Noise: densities at a spot frequency, and over a band."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable, must_cover
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def spot_noise(frequency: Real, density: Real, at: float) -> float:
    """Density (V/√Hz) at a frequency (Hz), interpolated on log axes."""
    must_cover(frequency, at, "the noise")
    return math.exp(float(np.interp(math.log(at), np.log(frequency), np.log(np.maximum(density, 1e-300)))))


def integrated_noise(frequency: Real, density: Real, start: float | None = None, stop: float | None = None) -> float:
    """√∫ density² df (V rms) from `start` to `stop` (Hz; None: the ends of the sweep); exact for densities that are
    power laws between the points.

    A sweep of so many points per decade rarely ends at the end of its band: up to one step is extrapolated.
    """
    frequency, density = _within(frequency, np.maximum(density, 1e-150), start, stop)
    power = density**2
    ratio = np.log(frequency[1:] / frequency[:-1])
    slope = np.log(power[1:] / power[:-1]) / ratio + 1.0
    # ∫ p0 (f/f0)^(slope−1) df = p0 f0 (r^slope − 1)/slope, and p0 f0 ln r where slope is 0
    ends = power[1:] * frequency[1:] - power[:-1] * frequency[:-1]
    flat = np.abs(slope) < 1e-9
    area = np.where(flat, power[:-1] * frequency[:-1] * ratio, ends / np.where(flat, 1.0, slope))
    return math.sqrt(float(area.sum()))


def _within(frequency: Real, density: Real, start: float | None, stop: float | None) -> tuple[Real, Real]:
    """The sweep from `start` to `stop`, with a point at both."""
    axis, level = np.log(frequency), np.log(density)
    step = 1.001 * (axis[-1] - axis[-2]) if axis.size > 1 else math.inf
    low, high = (axis[end] if value is None else math.log(value) for end, value in ((0, start), (-1, stop)))
    if low < axis[0] - step or high > axis[-1] + step:
        raise Unmeasurable("the noise was not simulated over the whole band")
    inside = (axis > low) & (axis < high)
    found = np.concatenate([[low], axis[inside], [high]])
    return np.exp(found), np.exp(_line(found, axis, level))


def _line(at: Real, axis: Real, level: Real) -> Real:
    """Interpolation; beyond the ends the first and the last segment go on."""
    found = np.interp(at, axis, level)
    if axis.size > 1:
        for end, (one, other) in ((at < axis[0], (0, 1)), (at > axis[-1], (-2, -1))):
            slope = (level[other] - level[one]) / (axis[other] - axis[one])
            found[end] = level[one] + slope * (at[end] - axis[one])
    return found


@metric(
    "input_noise",
    "V/√Hz",
    id=9,
    analysis="noise",
    typical=100e-9,
    definition="input-referred noise density at the spot frequency",
    at=("noise_frequency",),
    second="tests/measurements/test_noise.py",
    aliases=("noise",),
)
def _input_noise(wave: Waveform, settings: Mapping[str, float]) -> float:
    return spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"])


@metric(
    "output_noise",
    "V/√Hz",
    id=19,
    analysis="noise",
    definition="output noise density at the spot frequency",
    at=("noise_frequency",),
    second="tests/measurements/test_noise.py",
)
def _output_noise(wave: Waveform, settings: Mapping[str, float]) -> float:
    return spot_noise(wave.axis, wave.real("output"), settings["noise_frequency"])


@metric(
    "integrated_noise",
    "V",
    id=13,
    analysis="noise",
    definition="input-referred rms noise over the noise band",
    at=("noise_start", "noise_stop"),
    second="tests/measurements/test_noise.py",
)
def _integrated_noise(wave: Waveform, settings: Mapping[str, float]) -> float:
    band = settings.get("noise_start"), settings.get("noise_stop")
    return integrated_noise(wave.axis, wave.real("input"), *band)


@metric(
    "input_noise_current",
    "A/√Hz",
    id=10,
    analysis="noise",
    typical=5e-12,
    definition="input-referred noise density at the spot frequency",
    at=("noise_frequency",),
    second="tests/measurements/test_noise.py",
)
def _input_noise_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    return spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"])
