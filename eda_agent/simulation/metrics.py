"""A metric is measured from one waveform of its testbench: which measurement, of which probes, between which moments of the template.

A measurement that the waveform does not allow gives no value and the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from eda_agent.problem.loop_probe import LOOP
from eda_agent.simulation.currents import compliance_range, flowing, line_sensitivity
from eda_agent.simulation.measurements import (
    Censored,
    Complex,
    Real,
    Unmeasurable,
    bandwidth,
    dc_gain,
    decision_delay,
    dropout,
    falls_from_the_start,
    harmonic_distortion,
    integrated_noise,
    linear_range,
    mean,
    must_be_stable,
    overshoot,
    peaking,
    period_modulation,
    rejection,
    rising_edges,
    settling_time,
    slew_rate,
    slope,
    spot_noise,
    temperature_coefficient,
    unity_gain_frequency,
)
from eda_agent.simulation.stability import gain_margin, phase_margin
from eda_agent.simulation.tail import Tail, tail
from eda_agent.simulation.waveform import Waveform
from eda_agent.units import format_quantity

FINE = 500
"""Time steps of a half up to which a window may still grow at the same step."""
RECOVERED = 0.05
"""An output has recovered from a load step when it is this share of all that it moved from where it ends."""
Measure = Callable[[Waveform, Mapping[str, float]], float]
"""From a waveform and the settings of its testbench to a number; raises `Unmeasurable`."""


def _transfer(wave: Waveform) -> tuple[Real, Complex]:
    if LOOP in wave.probes:
        return wave.axis, wave.probes[LOOP].astype(np.complex128)
    if "driven" in wave.probes:
        must_be_stable(wave.probes["driven"].astype(np.complex128))
    return wave.axis, wave.probes["out"].astype(np.complex128) / wave.probes.get("in", 1.0)


def _step_windows(settings: Mapping[str, float]) -> tuple[float, float, float, float]:
    """(low, high, first edge, second edge) of the step template: levels in V, times in s."""
    start = settings["hold"] / 10
    return settings["vcm"] - settings["step"] / 2, settings["vcm"] + settings["step"] / 2, start, start + settings["hold"]


def _step(wave: Waveform, settings: Mapping[str, float]) -> tuple[float, float, float, Tail]:
    """(output before the rising edge, start of its window, stop, how the output ends there). Raises `Unmeasurable` where it does not follow the step."""
    first, second = _step_windows(settings)[2:]
    time, out = wave.axis, wave.real("out")
    initial = float(np.interp(first, time, out))
    end = tail(time, out, first, second, _band(settings))
    moved = end.final - initial
    if end.oscillates:
        raise Unmeasurable("the output oscillates")
    if end.rings and settings["hold"] > FINE * settings.get("time_step", 0.0):
        # the next window has coarser steps, in which the simulator keeps ringing up
        end = replace(end, wanted=0.0)
    if end.settled and not 0.5 < moved / settings["step"] < 1.5:
        raise Unmeasurable(f"the output moves {format_quantity(moved, 'V', 3)} for a step of {format_quantity(settings['step'], 'V', 3)}")
    return initial, first, second, end


def _band(settings: Mapping[str, float]) -> float:
    """Half the width (V) of what counts as settled."""
    return settings["step"] * settings["tolerance"] / 100


def _slew(wave: Waveform, settings: Mapping[str, float], rising: bool) -> float:
    low, first, second, end = _step(wave, settings)
    time, out = wave.axis, wave.real("out")
    # the output's own levels: an amplifier with an offset still slews
    high = end.final if end.settled else float(np.interp(second, time, out))
    start, stop = (first, second) if rising else (second, second + settings["hold"])
    if high <= low:
        raise Unmeasurable("the output does not rise with its input", end.wanted)
    try:
        found = slew_rate(time, out, low, high, rising=rising, after=start, before=stop)
    except Unmeasurable:
        # the mean slope up to the end of the window is more than that of an edge that takes longer
        raise Censored("the edge does not reach its end", "<", 0.8 * (high - low) / (stop - start), end.wanted or 4.0) from None
    if not end.settled:
        # the edge bends down to its end: over the part that was seen it is steeper than over the whole
        raise Censored("the edge does not reach its end", "<", found, end.wanted)
    return found


def _settling(wave: Waveform, settings: Mapping[str, float]) -> float:
    _, first, second, end = _step(wave, settings)
    try:
        found = settling_time(wave.axis, wave.real("out"), end.final, _band(settings), first, second)
    except Censored as error:
        raise Censored("not settled", ">", error.value, end.wanted) from None
    if not end.settled:
        raise Censored("not settled", ">", found or second - first, end.wanted)
    return found


def _overshoot(wave: Waveform, settings: Mapping[str, float]) -> float:
    initial, first, second, end = _step(wave, settings)
    time, out = wave.axis, wave.real("out")
    if end.settled:
        return overshoot(time, out, initial, end.final, first, second)
    # a peak that has not come yet, or one that the output has not come back from: what is past the last value is the least of it
    last = float(np.interp(second, time, out))
    seen = overshoot(time, out, initial, last, first, second) if last > initial else 0.0
    raise Censored("not settled", ">", seen, end.wanted)


def _dc_gain(wave: Waveform) -> float:
    frequency, transfer = _transfer(wave)
    found = dc_gain(transfer)
    if falls_from_the_start(frequency, transfer):
        raise Censored("the gain still rises towards DC", ">", found, 4.0)
    return found


def _bandwidth(wave: Waveform) -> float:
    frequency, transfer = _transfer(wave)
    found = bandwidth(frequency, transfer)
    if falls_from_the_start(frequency, transfer):
        raise Censored("the gain falls from the start of the sweep", "<", found, 4.0)
    return found


def _supply(wave: Waveform, settings: Mapping[str, float]) -> float:
    if wave.kind != "tran":
        return float(wave.real("supply")[0])
    return mean(wave.axis, wave.real("supply"), settings["average_from"], settings["average_to"])


def _delay(wave: Waveform, settings: Mapping[str, float]) -> float:
    period = 1 / settings["frequency"]
    # the input's sign turns after the first cycle's clock has fallen; see the comparator template
    windows = [(0.45 * period, 0.98 * period, 1), (1.45 * period, 1.98 * period, -1)]
    difference = wave.real("outp") - wave.real("outn")
    clock = wave.real("clock")
    return decision_delay(wave.axis, clock, difference, settings["vdd"] / 2, windows)


def _load_step(wave: Waveform, settings: Mapping[str, float], rising: bool) -> float:
    """Excursion (V) after the load current rises (falls), past both settled values, before it and after it."""
    first, second = settings["hold"] / 10, settings["hold"] * 1.1
    start, stop = (first, second) if rising else (second, second + settings["hold"])
    stop = min(stop, float(wave.axis[-1]))
    inside = (wave.axis >= start) & (wave.axis <= stop)
    out = wave.real("out")
    before = float(np.interp(start, wave.axis, out))
    end = tail(wave.axis, out, start, stop, RECOVERED * float(np.ptp(out[inside])) + 1e-6)
    if end.oscillates:
        raise Unmeasurable("the output oscillates")
    # on its way back the output is at most where it ends: with its last value the excursion is the least that it can be
    after = end.final if end.settled else float(np.interp(stop, wave.axis, out))
    # the settled values before and after differ by the load regulation, which is no over- or undershoot
    found = min(before, after) - float(out[inside].min()) if rising else float(out[inside].max()) - max(before, after)
    found = max(found, 1e-9)
    if not end.settled:
        raise Censored("not recovered", ">", found, end.wanted)
    return found


def _edges(wave: Waveform) -> Real:
    return rising_edges(wave.axis, wave.real("out"), float(wave.axis[-1]) / 2)


def _frequency(wave: Waveform) -> float:
    edges = _edges(wave)
    return (edges.size - 1) / float(edges[-1] - edges[0])


def _jitter(wave: Waveform, settings: Mapping[str, float]) -> float:
    if settings["ripple"] <= 0:
        raise Unmeasurable("the supply has no ripple: set  ripple: 10m  in the testbench")
    try:
        edges = _edges(wave)
    except Censored as error:
        # the bound is one on the frequency
        raise Unmeasurable(str(error), error.wanted) from None
    return period_modulation(edges, settings["ripple_frequency"])


def _swing(wave: Waveform, settings: Mapping[str, float]) -> float:
    """Width (V) of the output over the interval where the gain is −1."""
    low, high = linear_range(wave.axis, wave.real("out"), settings["linearity"], -1.0)
    order = np.argsort(wave.axis)
    ends = np.interp([low, high], wave.axis[order], wave.real("out")[order])
    return _inside(wave, low, high, float(abs(ends[1] - ends[0])))


def _input_range(wave: Waveform, settings: Mapping[str, float]) -> float:
    low, high = linear_range(wave.axis, wave.real("out"), settings["linearity"])
    return _inside(wave, low, high, high - low)


def _inside(wave: Waveform, low: float, high: float, width: float) -> float:
    """The width (V) of a range; `Censored` where it goes up to an end of the sweep."""
    if low <= wave.axis.min() or high >= wave.axis.max():
        raise Censored("to the end of the sweep", ">", width)
    return width


def _dropout(wave: Waveform, settings: Mapping[str, float]) -> float:
    divider = {"vref", "r_top", "r_bottom"}
    intended = settings["vref"] * (1 + settings["r_top"] / settings["r_bottom"]) if divider <= settings.keys() else None
    return dropout(wave.axis, wave.real("out"), settings["vdd"], intended)


def _positive(value: float) -> float:
    if value <= 0:
        raise Unmeasurable("the supply delivers no power: the circuit is fed from elsewhere")
    return value


def _reference(wave: Waveform) -> Real:
    """What a reference gives: a voltage, or a current as it flows."""
    return flowing(wave.real("current")) if "current" in wave.probes else wave.real("out")


def _positive_current(value: float) -> float:
    if value <= 0:
        raise Unmeasurable("the reference gives no current")
    return value


MEASURES: dict[str, Measure] = {
    "dc_gain": lambda wave, _: _dc_gain(wave),
    "gbw": lambda wave, _: unity_gain_frequency(*_transfer(wave)),
    "phase_margin": lambda wave, _: phase_margin(_transfer(wave)[1]),
    "gain_margin": lambda wave, _: gain_margin(_transfer(wave)[1]),
    "bandwidth": lambda wave, _: _bandwidth(wave),
    "supply_current": lambda wave, settings: _positive(_supply(wave, settings)),
    "power": lambda wave, settings: _positive(_supply(wave, settings) * settings["vdd"]),
    "input_offset": lambda wave, settings: abs(float(wave.real("out")[0]) - settings["vcm"]),
    "input_noise": lambda wave, settings: spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"]),
    "output_noise": lambda wave, settings: spot_noise(wave.axis, wave.real("output"), settings["noise_frequency"]),
    "integrated_noise": lambda wave, _: integrated_noise(wave.axis, wave.real("input")),
    "slew_rate_up": lambda wave, settings: _slew(wave, settings, True),
    "slew_rate_down": lambda wave, settings: _slew(wave, settings, False),
    "settling_time": _settling,
    "overshoot": _overshoot,
    "output_swing": _swing,
    "delay": _delay,
    "cmrr": lambda wave, settings: rejection(*_transfer(wave), settings["at_frequency"]),
    "psrr_plus": lambda wave, settings: rejection(*_transfer(wave), settings["at_frequency"]),
    "psrr_minus": lambda wave, settings: rejection(*_transfer(wave), settings["at_frequency"]),
    "input_range": _input_range,
    "thd": lambda wave, settings: harmonic_distortion(wave.axis, wave.real("out"), settings["frequency"]),
    "line_regulation": lambda wave, settings: slope(wave.axis, wave.real("out"), settings["line_low"], settings["line_high"]),
    "load_regulation": lambda wave, settings: slope(wave.axis, wave.real("out"), settings["load_low"], settings["load_current"]),
    "dropout": _dropout,
    "load_undershoot": lambda wave, settings: _load_step(wave, settings, True),
    "load_overshoot": lambda wave, settings: _load_step(wave, settings, False),
    "quiescent_current": lambda wave, settings: _positive(_supply(wave, settings) - settings["load_current"]),
    "reference_voltage": lambda wave, _: float(wave.real("out")[0]),
    "temperature_coefficient": lambda wave, _: temperature_coefficient(wave.axis, _reference(wave)),
    "output_current": lambda wave, _: _positive_current(float(flowing(wave.real("current"))[0])),
    "line_sensitivity": lambda wave, settings: line_sensitivity(
        wave.axis, wave.real("current"), settings["line_low"], settings["line_high"]
    ),
    "compliance_range": lambda wave, settings: compliance_range(
        wave.axis, wave.real("current"), settings["compliance"], settings["tolerance"]
    ),
    "oscillation_frequency": lambda wave, _: _frequency(wave),
    "period_jitter": _jitter,
    "transimpedance": lambda wave, _: abs(_transfer(wave)[1][0]),
    "peaking": lambda wave, _: peaking(*_transfer(wave)),
    "input_noise_current": lambda wave, settings: spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"]),
}
"""Metric → function of the waveform of its analysis and the testbench's settings."""


class Measured(NamedTuple):
    """A number, or None and why there is none. `bound`: ">" or "<" where the truth lies above or below it, and `why` says what was not seen.
    `wanted`: how many times longer or wider the window should be to see it."""

    value: float | None
    why: str = ""
    bound: str = ""
    wanted: float = 0.0


def measure(metric: str, wave: Waveform, settings: Mapping[str, float]) -> Measured:
    """A metric of a waveform."""
    return measure_with(MEASURES[metric], wave, settings)


def measure_with(function: Measure, wave: Waveform, settings: Mapping[str, float]) -> Measured:
    """The same with any function."""
    try:
        found = Measured(function(wave, settings))
    except Censored as error:
        found = Measured(error.value, str(error), error.bound, error.wanted)
    except Unmeasurable as error:
        return Measured(None, str(error), wanted=error.wanted)
    except KeyError as error:
        return Measured(None, f"the testbench has no probe or setting {error.args[0]!r}")
    if found.value is None or not math.isfinite(found.value):
        return Measured(None, "the number is not finite")
    return found
