"""Ranges of voltage over which a loop of a DC sweep stays linear."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Censored, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def linear_range(sweep: Real, output: Real, linearity: float, gain: float = 1.0) -> tuple[float, float]:
    """The ends (low, high, in V of the sweep) of the widest interval where dout/dsweep differs from `gain` by at most
    |gain|·(1 − linearity).

    A too steep slope does not count either: when a stuck output catches up, it is not linear.
    """
    order = np.argsort(sweep)
    ends = sweep[order]
    middles = (ends[:-1] + ends[1:]) / 2
    # of each step of the sweep; above 0 inside
    excess = (1 - linearity) - np.abs(np.diff(output[order]) / np.diff(ends) / gain - 1)
    inside = np.concatenate([[False], excess >= 0, [False]])
    starts, stops = np.flatnonzero(~inside[:-1] & inside[1:]), np.flatnonzero(inside[:-1] & ~inside[1:]) - 1
    if starts.size == 0:
        raise Unmeasurable("the loop is linear nowhere in its range")
    widest = int(np.argmax(middles[stops] - middles[starts]))
    first, last = int(starts[widest]), int(stops[widest])
    low = ends[0] if first == 0 else _edge(middles, excess, first, first - 1)
    high = ends[-1] if last == middles.size - 1 else _edge(middles, excess, last, last + 1)
    return float(low), float(high)


def _edge(axis: Real, excess: Real, inside: int, outside: int) -> float:
    """The place where `excess` is 0 between a point inside and its neighbour outside."""
    share = excess[inside] / (excess[inside] - excess[outside])
    return float(axis[inside] + share * (axis[outside] - axis[inside]))


def _inside(wave: Waveform, low: float, high: float, width: float) -> float:
    """The width (V) of a range; `Censored` if it reaches an end of the sweep."""
    if low <= wave.axis.min() or high >= wave.axis.max():
        raise Censored("to the end of the sweep", ">", width)
    return width


@metric(
    "output_swing",
    "V",
    ramp="linear",
    id=20,
    analysis="dc",
    output="driven",
    typical=1.0,
    ask="keep",
    definition="range of output voltage over which the closed loop stays linear",
    window="a lower bound where the range goes up to an end of the sweep",
    second="tests/measurements/test_ranges.py",
)
def _output_swing(wave: Waveform, settings: Mapping[str, float]) -> float:
    """Width (V) of the output over the interval where the gain is −1, or that of a follower at its input's level."""
    order = np.argsort(wave.axis)
    sweep, out = wave.axis[order], wave.real("out")[order]
    gain = -1.0
    if follows := settings.get("follows", 0) > 0:
        gain = float(np.interp(settings["vcm"], sweep, np.gradient(out, sweep)))
        if gain <= 0:
            raise Unmeasurable("the output does not follow its input")
    low, high = linear_range(sweep, out, settings["linearity"], gain)
    ends = np.interp([low, high], sweep, out)
    if follows:
        # its input stays between the rails: a range up to there is whole
        return float(abs(ends[1] - ends[0]))
    return _inside(wave, low, high, float(abs(ends[1] - ends[0])))


@metric(
    "input_range",
    "V",
    ramp="linear",
    id=12,
    analysis="dc",
    output="driven",
    definition="input common-mode range over which a follower follows",
    window="a lower bound where the range goes up to an end of the sweep",
    second="tests/measurements/test_ranges.py",
)
def _input_range(wave: Waveform, settings: Mapping[str, float]) -> float:
    low, high = linear_range(wave.axis, wave.real("out"), settings["linearity"])
    return _inside(wave, low, high, high - low)
