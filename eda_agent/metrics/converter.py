"""Metrics of a digital-to-analog converter: its transfer over all codes, in voltages or currents.

A step of the ideal converter (LSB) is a full scale divided by the number of steps, so that both ends have no error.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

LEAST = 1e-9
"""Full scale, in V or A over the supply's number, below which the output does not follow the code."""


def levels(wave: Waveform, settings: Mapping[str, float]) -> Real:
    """The output (V or A) at every code, from 0 on."""
    codes = round(2 ** settings["bits"])
    out = wave.real("out") if "out" in wave.probes else wave.real("current")
    if out.size != codes:
        raise Unmeasurable(f"the sweep has {out.size} of {codes} codes: ngspice finds no operating point there")
    if abs(out[-1] - out[0]) < LEAST * settings["vdd"]:
        raise Unmeasurable("the output is the same at the first and the last code")
    return out


def nonlinearity(out: Real) -> tuple[float, float]:
    """(INL, DNL) in LSB of the outputs at all codes."""
    step = (out[-1] - out[0]) / (out.size - 1)
    inl = (out - out[0]) / step - np.arange(out.size)
    return float(np.max(np.abs(inl))), float(np.max(np.abs(np.diff(out) / step - 1)))


@metric(
    "inl",
    "LSB",
    analysis="dc",
    typical=0.5,
    definition="largest deviation of a converter's output from the line through its first and last code",
    second="tests/measurements/test_converter.py",
)
def _inl(wave: Waveform, settings: Mapping[str, float]) -> float:
    return max(nonlinearity(levels(wave, settings))[0], 1e-9)


@metric(
    "dnl",
    "LSB",
    analysis="dc",
    typical=0.5,
    definition="largest deviation of a converter's step from one LSB",
    second="tests/measurements/test_converter.py",
)
def _dnl(wave: Waveform, settings: Mapping[str, float]) -> float:
    return max(nonlinearity(levels(wave, settings))[1], 1e-9)


@metric(
    "full_scale",
    "V",
    analysis="dc",
    typical=1.0,
    ask="keep",
    definition="range of a converter's output voltage from its first to its last code, magnitude",
    second="tests/measurements/test_converter.py",
)
def _full_scale(wave: Waveform, settings: Mapping[str, float]) -> float:
    out = levels(wave, settings)
    return abs(float(out[-1] - out[0]))


@metric(
    "full_scale_current",
    "A",
    analysis="dc",
    typical=100e-6,
    ask="keep",
    definition="range of a converter's output current from its first to its last code, magnitude",
    second="tests/measurements/test_converter.py",
)
def _full_scale_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    out = levels(wave, settings)
    return abs(float(out[-1] - out[0]))
