"""Metrics of a regulator: its output against supply and load, in DC and after a step of the load."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Censored, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.tail import tail
from eda_agent.metrics.waveform import Waveform
from eda_agent.units import format_quantity

RECOVERED = 0.005
"""An output has recovered from a load step when its distance from the final value is this share of its excursion."""


def slope(sweep: Real, output: Real, low: float, high: float) -> float:
    """|Δoutput / Δsweep| between two points of a DC sweep."""
    order = np.argsort(sweep)
    slack = 1e-6 * abs(high - low)
    if min(low, high) < sweep.min() - slack or max(low, high) > sweep.max() + slack or low == high:
        raise Unmeasurable(f"the sweep does not reach from {low:.4g} to {high:.4g}")
    ends = np.interp([low, high], sweep[order], output[order])
    return float(abs(ends[1] - ends[0]) / abs(high - low))


def dropout(supply: Real, output: Real, nominal: float, intended: float | None = None, fall: float = 0.02) -> float:
    """Input minus output (V) where, with a falling input, the output first is `fall` below its value at `nominal`
    input.

    Raises `Unmeasurable` when the output at `nominal` is not within a tenth of the `intended` voltage, `Censored` when
    it never falls.
    """
    order = np.argsort(supply)[::-1]
    axis, out = supply[order], output[order]
    if axis[0] < nominal * (1 - 1e-6):
        raise Unmeasurable(f"the sweep does not reach {format_quantity(nominal, 'V')}")
    regulated = float(np.interp(nominal, axis[::-1], out[::-1]))
    if intended is not None and abs(regulated - intended) > 0.1 * abs(intended):
        raise Unmeasurable(
            f"the output does not regulate: it is {format_quantity(regulated, 'V')} for"
            f" {format_quantity(intended, 'V')}"
        )
    level = regulated * (1 - fall)
    below = np.flatnonzero((axis <= nominal) & (out < level))
    if below.size == 0:
        raise Censored("the output never drops out in the sweep", "<", float(axis[-1] - out[-1]))
    if below[0] == 0:
        raise Unmeasurable("the output does not regulate")
    index = int(below[0])
    share = (out[index - 1] - level) / (out[index - 1] - out[index])
    return float(axis[index - 1] + share * (axis[index] - axis[index - 1])) - level


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
    # while it recovers the output is at most its final value: with the last value the excursion is a lower bound
    after = end.final if end.settled else float(np.interp(stop, wave.axis, out))
    # the settled values before and after differ by the load regulation, which is no over- or undershoot
    found = min(before, after) - float(out[inside].min()) if rising else float(out[inside].max()) - max(before, after)
    found = max(found, 1e-9)
    if not end.settled:
        raise Censored("not recovered", ">", found, end.wanted)
    return found


@metric(
    "line_regulation",
    "V/V",
    id=14,
    analysis="dc",
    typical=10e-3,
    definition="change of the output per change of the supply",
    second="tests/measurements/test_regulator.py",
)
def _line_regulation(wave: Waveform, settings: Mapping[str, float]) -> float:
    return slope(wave.axis, wave.real("out"), settings["line_low"], settings["line_high"])


@metric(
    "load_regulation",
    "Ohm",
    id=16,
    analysis="dc",
    output="held",
    typical=5.0,
    definition="fall of the output per rise of the load current",
    second="tests/measurements/test_regulator.py",
)
def _load_regulation(wave: Waveform, settings: Mapping[str, float]) -> float:
    return slope(wave.axis, wave.real("out"), settings["load_low"], settings["load_current"])


@metric(
    "dropout",
    "V",
    id=5,
    analysis="dc",
    output="held",
    typical=0.2,
    definition="input above output where the output has fallen by 2 %",
    window="an upper bound where the output never drops out in the sweep",
    second="tests/measurements/test_regulator.py",
)
def _dropout(wave: Waveform, settings: Mapping[str, float]) -> float:
    divider = {"vref", "r_top", "r_bottom"}
    intended = settings["vref"] * (1 + settings["r_top"] / settings["r_bottom"]) if divider <= settings.keys() else None
    return dropout(wave.axis, wave.real("out"), settings["vdd"], intended)


@metric(
    "load_undershoot",
    "V",
    id=17,
    analysis="tran",
    output="held",
    typical=0.1,
    definition="fall of the output below its settled value when the load rises",
    window="a lower bound where the output has not recovered at the end of the window",
    second="tests/measurements/test_regulator.py",
)
def _load_undershoot(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _load_step(wave, settings, rising=True)


@metric(
    "load_overshoot",
    "V",
    id=15,
    analysis="tran",
    definition="rise of the output above its settled value when the load falls",
    window="a lower bound where the output has not recovered at the end of the window",
    second="tests/measurements/test_regulator.py",
)
def _load_overshoot(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _load_step(wave, settings, rising=False)
