"""Metrics of a step response: slew rate, overshoot and settling time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from eda_agent.metrics.measurable import Censored, Real, Unmeasurable, crossing
from eda_agent.metrics.metric import metric
from eda_agent.metrics.tail import Tail, tail
from eda_agent.metrics.waveform import Waveform
from eda_agent.units import format_quantity

FINE = 500
"""Time steps of a half up to which a window may grow with the same step."""
FOLLOWED = 2.5
"""An output edge shorter than this many times that of the input, 20 to 80 % of both, is limited by it: one pole is then
more than 4 % faster with an ideal step.
"""


def slew_rate(time: Real, value: Real, low: float, high: float, *, rising: bool, after: float, before: float) -> float:
    """Mean slope (V/s, positive) between 20 % and 80 % of the step from `low` to `high`, of the edge that starts at
    `after`: from the last passage of 20 % before the first one of 80 %. A kick through the capacitors of the input pair
    may pass 20 % and return before the output slews.
    """
    first, last = low + 0.2 * (high - low), low + 0.8 * (high - low)
    if not rising:
        first, last = last, first
    stop = crossing(time, value, last, rising=rising, after=after, before=before)
    start = crossing(time, value, first, rising=rising, after=after, before=stop, last=True)
    if stop <= start:
        raise Unmeasurable("the edge is shorter than the time step")
    return abs(last - first) / (stop - start)


def settling_time(time: Real, value: Real, final: float, band: float, start: float, stop: float) -> float:
    """Time (s) from `start` until |value − final| ≤ band holds up to `stop`; `Censored` if it does not hold there."""
    inside = (time >= start) & (time <= stop)
    axis, error = time[inside], np.abs(value[inside] - final) - band
    if axis.size < 2 or error[-1] > 0:
        raise Censored("not settled", ">", stop - start)
    outside = np.flatnonzero(error > 0)
    if outside.size == 0:
        return 0.0
    index = int(outside[-1])
    share = error[index] / (error[index] - error[index + 1])
    return float(axis[index] + share * (axis[index + 1] - axis[index])) - start


def overshoot(time: Real, value: Real, initial: float, final: float, start: float, stop: float) -> float:
    """Largest excursion past `final`, in % of the step from `initial`; 0 without one."""
    if initial == final:
        raise Unmeasurable("the output does not move")
    inside = (time >= start) & (time <= stop)
    past = (value[inside] - final) / (final - initial)
    return max(0.0, 100.0 * float(past.max()))


def _step_windows(settings: Mapping[str, float]) -> tuple[float, float, float, float]:
    """(low, high, first edge, second edge) of the step template: levels in V, times in s."""
    start = settings["hold"] / 10
    return (
        settings["vcm"] - settings["step"] / 2,
        settings["vcm"] + settings["step"] / 2,
        start,
        start + settings["hold"],
    )


def _step(wave: Waveform, settings: Mapping[str, float], *, rising: bool = True) -> tuple[float, float, float, Tail]:
    """(output before an edge, start of its window, stop, how the output ends there). Raises `Unmeasurable` if it does
    not follow the step.
    """
    first, second = _step_windows(settings)[2:]
    if not rising:
        first, second = second, second + settings["hold"]
    time, out = wave.axis, wave.real("out")
    initial = float(np.interp(first, time, out))
    end = tail(time, out, first, second, _band(settings))
    moved, step = end.final - initial, settings["step"] if rising else -settings["step"]
    if end.oscillates:
        raise Unmeasurable("the output oscillates")
    if end.rings and settings["hold"] > FINE * settings.get("time_step", 0.0):
        # the next window has coarser steps, in which the simulator sustains ringing
        end = replace(end, wanted=0.0)
    if end.settled and not 0.5 < moved / step < 1.5:
        raise Unmeasurable(
            f"the output moves {format_quantity(moved, 'V', 3)} for a step of {format_quantity(step, 'V', 3)}"
        )
    return initial, first, second, end


def _band(settings: Mapping[str, float]) -> float:
    """Half the width (V) of the settling band."""
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
        # the mean slope up to the end of the window exceeds that of a longer edge
        raise Censored(
            "the edge does not reach its end", "<", 0.8 * (high - low) / (stop - start), end.wanted or 4.0
        ) from None
    if not end.settled:
        # the edge becomes flatter at its end: the observed part is steeper than the whole edge
        raise Censored("the edge does not reach its end", "<", found, end.wanted)
    if 0.6 * (high - low) / found < FOLLOWED * 0.6 * settings.get("edge", 0.0):
        raise Censored("the input's edge limits it: a shorter `edge` shows more", ">", found)
    return found


@metric(
    "slew_rate_up",
    "V/s",
    id=32,
    analysis="tran",
    output="driven",
    typical=5e6,
    definition="slope of the rising edge between 20 % and 80 %",
    window="an upper bound where the edge has not reached its end in the window, a lower bound where the input's edge "
    "limits it",
    second="tests/measurements/test_step.py",
    aliases=("slew_rate",),
)
def _slew_rate_up(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _slew(wave, settings, rising=True)


@metric(
    "slew_rate_down",
    "V/s",
    id=31,
    analysis="tran",
    output="driven",
    typical=5e6,
    definition="slope of the falling edge between 80 % and 20 %, as a positive number",
    window="an upper bound where the edge has not reached its end in the window, a lower bound where the input's edge "
    "limits it",
    second="tests/measurements/test_step.py",
)
def _slew_rate_down(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _slew(wave, settings, rising=False)


@metric(
    "settling_time",
    "s",
    id=30,
    analysis="tran",
    output="driven",
    typical=500e-9,
    definition="time from the rising input edge until the output stays within the tolerance",
    window="a lower bound, the window, where the output has not settled in it",
    second="tests/measurements/test_step.py",
)
def _settling_time(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _edge_settling(wave, settings, rising=True)


@metric(
    "settling_time_down",
    "s",
    analysis="tran",
    output="driven",
    typical=500e-9,
    definition="time from the falling input edge until the output stays within the tolerance",
    window="a lower bound, the window, where the output has not settled in it",
    second="tests/measurements/test_step.py",
    aliases=("settling_time_falling",),
)
def _settling_time_down(wave: Waveform, settings: Mapping[str, float]) -> float:
    # without the end of the rising edge the falling one has no start
    if not _step(wave, settings)[3].settled:
        return _edge_settling(wave, settings, rising=True)
    return _edge_settling(wave, settings, rising=False)


def _edge_settling(wave: Waveform, settings: Mapping[str, float], rising: bool) -> float:
    _, first, second, end = _step(wave, settings, rising=rising)
    try:
        found = settling_time(wave.axis, wave.real("out"), end.final, _band(settings), first, second)
    except Censored as error:
        raise Censored("not settled", ">", error.value, end.wanted) from None
    if not end.settled:
        raise Censored("not settled", ">", found or second - first, end.wanted)
    return found


@metric(
    "overshoot",
    "%",
    ramp="linear",
    span=50.0,
    id=21,
    analysis="tran",
    output="driven",
    definition="largest excursion past the final value of the rising edge, of the step",
    window="a lower bound where the output has not settled at the end of the window",
    second="tests/measurements/test_step.py",
)
def _overshoot(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _edge_overshoot(wave, settings, rising=True)


@metric(
    "overshoot_down",
    "%",
    ramp="linear",
    span=50.0,
    analysis="tran",
    output="driven",
    definition="largest excursion past the final value of the falling edge, of the step",
    window="a lower bound where the output has not settled at the end of the window",
    second="tests/measurements/test_step.py",
)
def _overshoot_down(wave: Waveform, settings: Mapping[str, float]) -> float:
    if not _step(wave, settings)[3].settled:
        return _edge_overshoot(wave, settings, rising=True)
    return _edge_overshoot(wave, settings, rising=False)


def _edge_overshoot(wave: Waveform, settings: Mapping[str, float], rising: bool) -> float:
    initial, first, second, end = _step(wave, settings, rising=rising)
    time, out = wave.axis, wave.real("out")
    if end.settled:
        return overshoot(time, out, initial, end.final, first, second)
    # the peak has not come yet, or the output has not returned from it: the excess over the last value is a lower bound
    last = float(np.interp(second, time, out))
    moved = last > initial if rising else last < initial
    seen = overshoot(time, out, initial, last, first, second) if moved else 0.0
    raise Censored("not settled", ">", seen, end.wanted)
