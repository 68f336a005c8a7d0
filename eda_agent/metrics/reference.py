"""Metrics of a reference: its voltage or current, their dependence on temperature and supply, and the range of output
voltages over which a current holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def temperature_coefficient(temperature: Real, output: Real) -> float:
    """Box method: (max − min) / (mean · range), in ppm/K."""
    mean_ = float(output.mean())
    if mean_ <= 0:
        raise Unmeasurable("the reference gives no voltage")
    return 1e6 * float(output.max() - output.min()) / (mean_ * float(np.ptp(temperature)))


def flowing(current: Real) -> Real:
    """A current (A) out of the circuit or into it, as a positive one: by the sign of its sum, so that a part with the
    other sign stays negative.
    """
    return current if float(current.sum()) >= 0 else -current


def line_sensitivity(supply: Real, current: Real, low: float, high: float) -> float:
    """100·|ΔI| / (I·|ΔV|) in %/V between two supplies (V); I is the mean of both ends."""
    order = np.argsort(supply)
    ends = np.interp([low, high], supply[order], flowing(current)[order])
    middle = float(ends.mean())
    if middle <= 0 or high == low:
        raise Unmeasurable("the reference gives no current")
    return 100 * float(abs(ends[1] - ends[0])) / (middle * abs(high - low))


def compliance_range(voltage: Real, current: Real, at: float, tolerance: float) -> float:
    """Width (V) of the interval of output voltages around `at` (V) in which the current is within `tolerance` % of that
    at `at`.

    Its ends are interpolated. If the current is still within it at the end of the sweep, that end counts: the sweep
    goes from rail to rail.
    """
    order = np.argsort(voltage)
    axis, values = voltage[order], current[order]
    nominal = float(np.interp(at, axis, values))
    if nominal == 0:
        raise Unmeasurable("the reference gives no current")
    # above 0 inside
    room = tolerance / 100 - np.abs(values / nominal - 1)
    return _end(axis, room, at, 1) - _end(axis, room, at, -1)


def _end(axis: Real, room: Real, at: float, direction: int) -> float:
    """The first voltage from `at` on, upwards or downwards, where the tolerance is exceeded."""
    side = np.flatnonzero(axis > at) if direction > 0 else np.flatnonzero(axis < at)[::-1]
    before, left = at, float(np.interp(at, axis, room))
    for index in side:
        if room[index] < 0:
            return float(before + left / (left - room[index]) * (axis[index] - before))
        before, left = float(axis[index]), float(room[index])
    return before


def _reference(wave: Waveform) -> Real:
    """The output of a reference: a voltage, or a current."""
    return flowing(wave.real("current")) if "current" in wave.probes else wave.real("out")


@metric(
    "reference_voltage",
    "V",
    ramp="linear",
    id=29,
    analysis="op",
    output="held",
    typical=1.2,
    definition="the reference's output",
    second="tests/measurements/test_reference.py",
)
def _reference_voltage(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return float(wave.real("out")[0])


@metric(
    "temperature_coefficient",
    "ppm/K",
    id=34,
    analysis="dc",
    output="held",
    typical=100.0,
    definition="box method: (max − min) / mean per kelvin of the range",
    second="tests/measurements/test_reference.py",
)
def _temperature_coefficient(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return temperature_coefficient(wave.axis, _reference(wave))


@metric(
    "output_current",
    "A",
    analysis="op",
    typical=10e-6,
    definition="the reference's current into its compliance voltage",
    second="tests/measurements/test_reference.py",
)
def _output_current(wave: Waveform, _settings: Mapping[str, float]) -> float:
    value = float(flowing(wave.real("current"))[0])
    if value <= 0:
        raise Unmeasurable("the reference gives no current")
    return value


@metric(
    "line_sensitivity",
    "%/V",
    analysis="dc",
    typical=2.0,
    definition="relative change of the reference's current per change of the supply",
    second="tests/measurements/test_reference.py",
)
def _line_sensitivity(wave: Waveform, settings: Mapping[str, float]) -> float:
    return line_sensitivity(wave.axis, wave.real("current"), settings["line_low"], settings["line_high"])


@metric(
    "compliance_range",
    "V",
    ramp="linear",
    analysis="dc",
    typical=1.0,
    ask="keep",
    definition="range of output voltage over which the reference's current stays within the tolerance",
    second="tests/measurements/test_reference.py",
)
def _compliance_range(wave: Waveform, settings: Mapping[str, float]) -> float:
    return compliance_range(wave.axis, wave.real("current"), settings["compliance"], settings["tolerance"])
