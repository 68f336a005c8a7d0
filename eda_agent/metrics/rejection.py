"""Rejection is the attenuation of a disturbance of the common mode or of a supply at the output."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.gain import decibel, transfer_of
from eda_agent.metrics.measurable import Complex, Real, must_cover
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def rejection(frequency: Real, output: Complex, at: float) -> float:
    """−20 log |output| at a frequency (Hz), in dB: the attenuation of a disturbance of 1."""
    must_cover(frequency, at, "the response")
    return -float(np.interp(math.log(at), np.log(frequency), decibel(output)))


@metric(
    "cmrr",
    "dB",
    ramp="linear",
    span=40.0,
    id=2,
    analysis="ac",
    definition="common-mode rejection at a frequency",
    at=("at_frequency",),
    second="tests/measurements/test_rejection.py",
)
def _cmrr(wave: Waveform, settings: Mapping[str, float]) -> float:
    return rejection(*transfer_of(wave), settings["at_frequency"])


@metric(
    "psrr_plus",
    "dB",
    ramp="linear",
    span=40.0,
    id=27,
    analysis="ac",
    typical=40.0,
    definition="rejection of the positive supply at a frequency",
    at=("at_frequency",),
    second="tests/measurements/test_rejection.py",
    aliases=("psrr",),
)
def _psrr_plus(wave: Waveform, settings: Mapping[str, float]) -> float:
    return rejection(*transfer_of(wave), settings["at_frequency"])


@metric(
    "psrr_minus",
    "dB",
    ramp="linear",
    span=40.0,
    id=26,
    analysis="ac",
    definition="rejection of the negative supply at a frequency",
    at=("at_frequency",),
    second="tests/measurements/test_rejection.py",
)
def _psrr_minus(wave: Waveform, settings: Mapping[str, float]) -> float:
    return rejection(*transfer_of(wave), settings["at_frequency"])
