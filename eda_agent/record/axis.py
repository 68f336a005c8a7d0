"""An axis of a plot has a label, a unit, its ends and its marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.units import format_quantity, plain_number

_STEPS = (1, 2, 5, 10)
_MOST_DECADES = 6
_MOST_STEPS = 12


@dataclass(frozen=True)
class Axis:
    """`unit` is written with engineering prefixes. `low`, `high`: None for the data's own. `whole`: a count, with marks
    at whole numbers only. `marks`: the most steps between the ends. `step`: marks are at multiples of it, such as 45
    for degrees; None for 1, 2 or 5 times a power of ten.
    """

    label: str
    unit: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None
    whole: bool = False
    step: float | None = None
    marks: int = 6


def usable(value: float, axis: Axis) -> bool:
    """Whether a value can be drawn on the axis."""
    return math.isfinite(value) and (value > 0 or not axis.log)


def place(value: float, axis: Axis) -> float:
    """A value in the axis's own coordinate: its logarithm on a logarithmic axis."""
    return math.log10(value) if axis.log else value


def span(values: Sequence[float], axis: Axis) -> tuple[float, float]:
    """Both ends of the axis for these usable values, as places."""
    low = place(axis.low if axis.low is not None else min(values), axis)
    high = place(axis.high if axis.high is not None else max(values), axis)
    if axis.step is not None:
        low, high = (
            axis.step * end for end in (math.floor(low / axis.step + 1e-9), math.ceil(high / axis.step - 1e-9))
        )
        return (low, high) if high > low else (low - axis.step, low + axis.step)
    if high <= low:
        pad = abs(low) * 0.05 or 0.5
        return low - pad, high + pad
    return low, high


def ticks(low: float, high: float, axis: Axis) -> list[float]:
    """The values of the marks between two places."""
    if axis.log:
        return _decades(low, high)
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next((factor for factor in _STEPS if (high - low) / (step * factor) <= axis.marks), 10)
    if axis.step is not None:
        step = axis.step * max(1, math.ceil((high - low) / axis.step / _MOST_STEPS))
    step = max(step, 1.0) if axis.whole else step
    first = math.ceil(low / step - 1e-9)
    return [
        float(f"{(first + number) * step:.10g}")
        for number in range(int((high - low) / step + 1e-6) + 1)
        if (first + number) * step <= high + 1e-9 * abs(high) + 1e-12 * (high - low)
    ]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    every = max(1, math.ceil((last - first) / _MOST_DECADES))
    if high - low <= 3:
        marks = [factor * 10.0**power for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
        return [mark for mark in marks if low - 1e-9 <= math.log10(mark) <= high + 1e-9]
    return [10.0**power for power in range(first, last + 1, every)]


def tick_label(value: float, axis: Axis) -> str:
    return format_quantity(value, axis.unit, 4) if axis.unit else plain_number(value, 5)
