"""Metrics of a charge pump: the mean of its output and the ripple on it once the output has settled."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from eda_agent.metrics.measurable import WIDER, Real, Unmeasurable, mean
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

SETTLED = 0.002
"""Relative change of the output's mean between the last two spans of 15 periods that counts as settled."""
PERIODS = 15
RIPPLES = 5
"""Periods at the end in which the ripple is measured."""


def settled(wave: Waveform, settings: Mapping[str, float]) -> tuple[Real, Real, float, float]:
    """(time, output, start, end) of the last periods. Raises `Unmeasurable` if the output still moves."""
    time, out = wave.axis, wave.real("out")
    stop, span = float(time[-1]), PERIODS / settings["frequency"]
    late, before = mean(time, out, stop - span, stop), mean(time, out, stop - 2 * span, stop - span)
    if abs(late - before) > SETTLED * max(abs(late), abs(before)):
        raise Unmeasurable("the output still moves at the end of the transient", WIDER)
    return time, out, stop - span, stop


@metric(
    "pumped_voltage",
    "V",
    analysis="tran",
    typical=3.0,
    ask="keep",
    definition="mean of a charge pump's output over whole periods of its clock, once it has settled",
    second="tests/measurements/test_charge_pump.py",
)
def _pumped_voltage(wave: Waveform, settings: Mapping[str, float]) -> float:
    return mean(*settled(wave, settings))


@metric(
    "pump_ripple",
    "V",
    analysis="tran",
    typical=50e-3,
    definition="highest minus lowest voltage of a charge pump's output in a period of its clock, once it has settled",
    second="tests/measurements/test_charge_pump.py",
)
def _pump_ripple(wave: Waveform, settings: Mapping[str, float]) -> float:
    time, out, _, stop = settled(wave, settings)
    # period by period: what the output still moves is no ripple
    ends = stop - np.arange(RIPPLES, -1, -1) / settings["frequency"]
    spans = [out[(time >= start) & (time <= end)] for start, end in pairwise(ends)]
    return float(np.mean([np.ptp(span) for span in spans if span.size]))
