"""Metrics of a sample and hold: how fast and how well it tracks, and what changes the voltage that it holds.

The templates set the times: it tracks from k/f to (k + 1/2)/f, f the clock, and the input steps at (k + 3/4)/f.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Censored, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

_SECOND = "tests/measurements/test_sample_hold.py"
STEPS = range(2, 31)
"""Periods of the clock that follow a step of the input, from every eighth of the signal range to both of its ends and
back. Behind them the input steps near the slowest level."""
ROUND = 3
"""Periods of a round of the search for the slowest level: from an end to a level, back, and to another one."""
SWEPT = range(2, 66)
"""Periods of the clock in which the input is at another level of the signal range each."""
NOTHING = 120.0
"""dB: a step that feeds through by less is lost in the solver's tolerance."""


def acquisition(time: Real, output: Real, start: float, stop: float, tolerance: float) -> float:
    """Time (s) from the start of tracking until the output stays within a share of its step around its last value.

    Raises:
        Censored: it still moves by more than that in the last fifth of the time.
    """
    first, final = np.interp([start, stop], time, output)
    band = tolerance * abs(final - first)
    if band == 0:
        raise Unmeasurable("the output does not follow the input")
    late = float(np.interp(stop - 0.2 * (stop - start), time, output))
    if abs(late - final) > band:
        raise Censored("not acquired", ">", stop - start, WIDER)
    inside = (time >= start) & (time <= stop)
    outside = np.flatnonzero(np.abs(output[inside] - final) > band)
    if not outside.size:
        return 0.0
    last = int(outside[-1])
    ends = time[inside][last : last + 2]
    away = np.abs(output[inside][last : last + 2] - final) - band
    return float(np.interp(0.0, away[::-1], ends[::-1])) - start


@metric(
    "acquisition_time",
    "s",
    analysis="tran",
    typical=20e-9,
    definition="time from the start of tracking until the output stays within the tolerance of its step, the slowest of"
    " steps from both ends of the signal range to every level, and back",
    window="a lower bound where the output still moves at the end of the tracking half",
    second=_SECOND,
)
def _acquisition_time(wave: Waveform, settings: Mapping[str, float]) -> float:
    return max(_times(wave, settings).values())


def slowest(wave: Waveform, settings: Mapping[str, float]) -> tuple[float, float] | None:
    """(V at the start, V at the goal) of the slowest step from an end of the signal range to a level of the input; None
    if one is not acquired.
    """
    low, high = settings["signal_low"], settings["signal_high"]
    try:
        times = _times(wave, settings)
    except Unmeasurable:
        return None
    steps = {}
    for number, time in times.items():
        # a round begins at an end, to which its second step returns
        first = number >= STEPS.stop and (number - STEPS.stop) % ROUND == 0
        moments = np.array([number + 1.25 if first else number - 0.75, number + 0.25]) / settings["frequency"]
        start, goal = (float(volts) for volts in _at(wave, "in", moments))
        if min(abs(start - low), abs(start - high)) < 1e-3 * abs(high - low):
            steps[start, goal] = time
    return max(steps, key=lambda step: steps[step]) if steps else None


def _times(wave: Waveform, settings: Mapping[str, float]) -> dict[int, float]:
    """Period of the clock → acquisition time in it, s."""
    period, edge = 1 / settings["frequency"], settings["edge"]
    tolerance, half = settings["tolerance"] / 100, (period - edge) / 2
    time, out = wave.axis, wave.real("out")
    last = max(round(float(time[-1]) * settings["frequency"]), STEPS.start + 1)
    # from the middle of the clock's edge; a pedestal begins with the next one
    begins = {number: number * period + edge / 2 for number in range(STEPS.start, last)}
    return {number: acquisition(time, out, begin, begin + half, tolerance) for number, begin in begins.items()}


@metric(
    "tracking_error",
    "V",
    analysis="tran",
    typical=10e-3,
    definition="largest difference between output and input at the end of tracking",
    second=_SECOND,
)
def _tracking_error(wave: Waveform, settings: Mapping[str, float]) -> float:
    ends = _openings(settings)
    return float(np.max(np.abs(_at(wave, "out", ends) - _at(wave, "in", ends))))


@metric(
    "pedestal",
    "V",
    analysis="tran",
    typical=10e-3,
    definition="largest step of the output from tracking to holding: charge injection and feedthrough of the clock",
    second=_SECOND,
)
def _pedestal(wave: Waveform, settings: Mapping[str, float]) -> float:
    ends = _openings(settings)
    after = _at(wave, "out", ends + 0.1 / settings["frequency"])
    return float(np.max(np.abs(after - _at(wave, "out", ends))))


@metric(
    "hold_feedthrough",
    "dB",
    ramp="linear",
    span=40.0,
    analysis="tran",
    typical=60.0,
    definition="step of the input over the step of the held output that it causes",
    window="a lower bound where nothing feeds through",
    second=_SECOND,
)
def _hold_feedthrough(wave: Waveform, settings: Mapping[str, float]) -> float:
    period = 1 / settings["frequency"]
    steps = (np.array(STEPS) - 0.25) * period
    before, after = steps - 0.01 * period, steps + 0.15 * period
    moved = np.abs(_at(wave, "out", after) - _at(wave, "out", before))
    driven = np.abs(_at(wave, "in", after) - _at(wave, "in", before))
    share = float(np.max(moved / driven))
    if share < 10 ** (-NOTHING / 20):
        raise Censored("nothing feeds through", ">", NOTHING)
    return -20 * math.log10(share)


@metric(
    "droop",
    "V/s",
    analysis="tran",
    typical=1e3,
    definition="slope of the held output, as a positive number, the larger of both ends of the signal range",
    second=_SECOND,
    aliases=("droop_rate",),
)
def _droop(wave: Waveform, settings: Mapping[str, float]) -> float:
    frequency, hold = settings["frequency"], settings["hold"]
    slopes = []
    for begin in (3 / frequency, hold + 6 / frequency):
        first, last = _at(wave, "out", np.array([begin + 0.1 * hold, begin + hold]))
        slopes.append(abs(last - first) / (0.9 * hold))
    return float(max(slopes))


@metric(
    "tracking_resistance",
    "Ohm",
    analysis="tran",
    typical=1e3,
    definition="largest voltage across a clocked switch per current through it, at the end of tracking, over the signal"
    " range",
    second=_SECOND,
)
def _tracking_resistance(wave: Waveform, settings: Mapping[str, float]) -> float:
    ends = (np.array(SWEPT) + 0.44) / settings["frequency"]
    return float(np.max(np.abs(_at(wave, "out", ends) - _at(wave, "in", ends)))) / settings["current"]


def _openings(settings: Mapping[str, float]) -> Real:
    """The ends of tracking, s."""
    return (np.array(STEPS) + 0.5) / settings["frequency"]


def _at(wave: Waveform, role: str, moments: Real) -> Real:
    found: Real = np.interp(moments, wave.axis, wave.real(role))
    return found
