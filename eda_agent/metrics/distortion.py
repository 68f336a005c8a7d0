"""Distortion of a sine."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def harmonic_distortion(time: Real, value: Real, frequency: float, harmonics: int = 9) -> float:
    """√Σ Vₖ² / V₁ over k = 2 … `harmonics`, in %, from the last whole period of a steady sine.

    Amplitudes are Fourier coefficients by the trapezoidal rule on a fine uniform axis.
    """
    stop = float(time[-1])
    axis = np.linspace(stop - 1 / frequency, stop, 2049)
    if axis[0] < time[0]:
        raise Unmeasurable("the transient is shorter than a period")
    sampled = np.interp(axis[:-1], time, value)
    amplitude = np.abs(np.fft.rfft(sampled))[1 : harmonics + 1]
    if amplitude[0] <= 0:
        raise Unmeasurable("the output does not follow the sine")
    return 100.0 * float(np.sqrt(np.sum(amplitude[1:] ** 2)) / amplitude[0])


@metric(
    "thd",
    "%",
    id=35,
    analysis="tran",
    output="driven",
    definition="total harmonic distortion up to the ninth harmonic",
    at=("frequency",),
    second="tests/measurements/test_response.py",
)
def _thd(wave: Waveform, settings: Mapping[str, float]) -> float:
    return harmonic_distortion(wave.axis, wave.real("out"), settings["frequency"])
