"""Metrics of a circuit that switches: threshold, delays and edges of a gate, a buffer or a comparator without clock."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Censored, Real, Unmeasurable, crossing
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

Edges = tuple[float, float, float]
"""Times (s): the input's rise, its fall, and the end of the second half."""
SWITCHED = 0.2
"""Share of the supply by which an output that switches moves at least."""
SETTLED = 0.01
"""Share of its swing by which the output may still move in the last tenth of a half: an exponential is then within
2 % of its end.
"""


def propagation_delay(time: Real, driven: Real, output: Real, level: float, edges: Edges) -> float:
    """The longer time (s) from the middle of an input's edge to the output's last passage through `level` (V).

    The output may follow the input or invert it. Raises `Censored` if it has not passed it at the end of a half.
    """
    rise, fall, stop = edges
    middle = (float(driven.min()) + float(driven.max())) / 2
    start = float(output[0])
    follows = start < level
    delays: list[float] = []
    for edge, end, rising in ((rise, fall, True), (fall, stop, False)):
        begin = crossing(time, driven, middle, rising=rising, after=edge, before=end)
        try:
            moment = crossing(time, output, level, rising=rising == follows, after=begin, before=end, last=True)
        except Unmeasurable:
            if not delays and rising:
                raise Censored("the output has not switched", ">", end - begin, WIDER) from None
            raise Censored("the output has not switched back", ">", end - begin, WIDER) from None
        delays.append(moment - begin)
    return max(delays)


def edge_time(time: Real, output: Real, edges: Edges, vdd: float, *, rising: bool) -> float:
    """Time (s) of an edge of the output between 10 % and 90 % of its swing, from one settled level to the other.

    An overshoot by the input's feedthrough is no part of the swing. Raises `Unmeasurable` if the output has not
    switched in its half, and `Censored` if it still moves at the end of one: the whole edge takes longer.
    """
    rest, pulsed, back = float(output[0]), float(np.interp(edges[1], time, output)), float(output[-1])
    if abs(pulsed - rest) < SWITCHED * vdd:
        raise Unmeasurable("the output has not switched", WIDER)
    if abs(back - rest) > abs(pulsed - rest) / 2:
        raise Unmeasurable("the output has not switched back", WIDER)
    low, high = min(pulsed, back), max(pulsed, back)
    first, last = low + 0.1 * (high - low), low + 0.9 * (high - low)
    if not rising:
        first, last = last, first
    after = edges[0] if (rest > (low + high) / 2) != rising else edges[1]
    start = crossing(time, output, first, rising=rising, after=after)
    found = crossing(time, output, last, rising=rising, after=start) - start
    tenth = (edges[1] - edges[0]) / 10
    for end in edges[1:]:
        moved = np.interp(end, time, output) - np.interp(end - tenth, time, output)
        if abs(moved) > SETTLED * (high - low):
            raise Censored("the output still moves at the end of its half", ">", found, WIDER)
    return found


def _edges(settings: Mapping[str, float]) -> Edges:
    """The edges of the templates `logic` and `comparator_open`: a pulse after a tenth of the half."""
    hold = settings["hold"]
    return 0.1 * hold, 1.1 * hold, 2.1 * hold


@metric(
    "propagation_delay",
    "s",
    analysis="tran",
    typical=1e-9,
    definition="from the middle of the input's edge to the output's passage through vdd/2, the slower of both edges",
    window="a lower bound where the output has not switched in its half",
    second="tests/measurements/test_logic.py",
)
def _propagation_delay(wave: Waveform, settings: Mapping[str, float]) -> float:
    return propagation_delay(wave.axis, wave.real("in"), wave.real("out"), settings["vdd"] / 2, _edges(settings))


@metric(
    "rise_time",
    "s",
    analysis="tran",
    typical=1e-9,
    definition="time of the output's rising edge from 10 % to 90 % of its swing",
    window="a lower bound where the output still moves at the end of its half",
    second="tests/measurements/test_logic.py",
)
def _rise_time(wave: Waveform, settings: Mapping[str, float]) -> float:
    return edge_time(wave.axis, wave.real("out"), _edges(settings), settings["vdd"], rising=True)


@metric(
    "fall_time",
    "s",
    analysis="tran",
    typical=1e-9,
    definition="time of the output's falling edge from 90 % to 10 % of its swing",
    window="a lower bound where the output still moves at the end of its half",
    second="tests/measurements/test_logic.py",
)
def _fall_time(wave: Waveform, settings: Mapping[str, float]) -> float:
    return edge_time(wave.axis, wave.real("out"), _edges(settings), settings["vdd"], rising=False)


@metric(
    "switching_threshold",
    "V",
    ramp="linear",
    span=0.5,
    analysis="dc",
    typical=0.9,
    definition="input at which the output passes half of the supply",
    second="tests/measurements/test_logic.py",
)
def _switching_threshold(wave: Waveform, settings: Mapping[str, float]) -> float:
    output = wave.real("out")
    return crossing(wave.axis, output, settings["vdd"] / 2, rising=bool(output[-1] > output[0]))
