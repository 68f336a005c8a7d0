"""Metrics of a continuous-time filter: its quality factor and the noise at its output over a band."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.gain import transfer_of
from eda_agent.metrics.measurable import WIDER, Complex, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.noise import integrated_noise
from eda_agent.metrics.section import PASSES, finer, finer_power, passband
from eda_agent.metrics.waveform import Waveform


def quality(frequency: Real, transfer: Complex) -> float:
    """The quality factor of a section of second order.

    Low-pass: the gain at a phase of -90 degrees over that at the lowest frequency. Band-pass: the frequency of the peak
    over the width between the points 3.01 dB below it.
    """
    if (band := passband(frequency, transfer)) is not None:
        low, center, high = band
        return center / (high - low)
    frequency, transfer = finer(frequency, transfer)
    level, axis = np.abs(transfer), np.log(frequency)
    turned = -np.unwrap(np.angle(transfer / transfer[0]))
    after = np.flatnonzero(turned > math.pi / 2)
    if not after.size:
        raise Unmeasurable("the phase does not reach -90 degrees: no section of second order", WIDER)
    if level[-1] > level[0] / PASSES:
        raise Unmeasurable("the gain does not fall: neither a low-pass nor a band-pass", WIDER)
    place = [after[0] - 1, after[0]]
    # over the logarithm of the frequency the phase is nearly straight
    at = float(np.interp(math.pi / 2, turned[place], axis[place]))
    return float(np.interp(at, axis[place], level[place]) / level[0])


@metric(
    "q_factor",
    "",
    analysis="ac",
    output="driven",
    typical=0.7,
    ask="keep",
    definition="quality factor of a filter of second order, low-pass or band-pass",
    second="tests/measurements/test_filter.py",
)
def _q_factor(wave: Waveform, settings: Mapping[str, float]) -> float:
    return quality(*transfer_of(wave))


@metric(
    "output_noise_rms",
    "V",
    analysis="noise",
    output="driven",
    typical=200e-6,
    definition="rms noise at the output over the noise band",
    at=("noise_start", "noise_stop"),
    second="tests/measurements/test_filter.py",
)
def _output_noise_rms(wave: Waveform, settings: Mapping[str, float]) -> float:
    band = settings.get("noise_start"), settings.get("noise_stop")
    frequency, power = finer_power(wave.axis, np.maximum(wave.real("output"), 1e-150) ** 2)
    return integrated_noise(frequency, np.sqrt(power), *band)
