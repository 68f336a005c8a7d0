"""Noise: densities at a spot frequency, and over a band."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, must_cover
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def spot_noise(frequency: Real, density: Real, at: float) -> float:
    """Density (V/√Hz) at a frequency (Hz), interpolated on log axes."""
    must_cover(frequency, at, "the noise")
    return math.exp(float(np.interp(math.log(at), np.log(frequency), np.log(np.maximum(density, 1e-300)))))


def integrated_noise(frequency: Real, density: Real) -> float:
    """√∫ density² df (V rms) over the simulated band; exact for densities that are power laws between the points."""
    power = np.maximum(density, 1e-150) ** 2
    ratio = np.log(frequency[1:] / frequency[:-1])
    slope = np.log(power[1:] / power[:-1]) / ratio + 1.0
    # ∫ p0 (f/f0)^(slope−1) df = p0 f0 (r^slope − 1)/slope, and p0 f0 ln r where slope is 0
    ends = power[1:] * frequency[1:] - power[:-1] * frequency[:-1]
    flat = np.abs(slope) < 1e-9
    area = np.where(flat, power[:-1] * frequency[:-1] * ratio, ends / np.where(flat, 1.0, slope))
    return math.sqrt(float(area.sum()))


@metric(
    "input_noise",
    "V/√Hz",
    id=9,
    analysis="noise",
    typical=100e-9,
    definition="input-referred noise density at the spot frequency",
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
    second="tests/measurements/test_noise.py",
)
def _integrated_noise(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return integrated_noise(wave.axis, wave.real("input"))


@metric(
    "input_noise_current",
    "A/√Hz",
    id=10,
    analysis="noise",
    typical=5e-12,
    definition="input-referred noise density at the spot frequency",
    second="tests/measurements/test_noise.py",
)
def _input_noise_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    return spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"])
