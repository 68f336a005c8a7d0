"""A target of a draft is a step beyond the value at the netlist's own sizes; all targets together must be possible for
one circuit. Where a draft has several corners, the step begins at the value of the worst.

A loop with one pole settles to 1 % in ln 100 / (2π·GBW) at best, and a slewing output needs its step divided by the
slew rate. A drafted settling time is never shorter than that, and a value that could not be measured is computed from
the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from eda_agent.metrics import METRICS
from eda_agent.problem.draft.benches import MAX, MIN, NEAR
from eda_agent.problem.draft.extremes import Spread
from eda_agent.units import format_quantity

SETTLED = math.log(100)
"""Time constants of one pole until 1 % is left."""


class Step(NamedTuple):
    """How far a target lies beyond the measured value: a difference by unit, else a factor."""

    differences: Mapping[str, float]
    factor: float


WHOLE = Step({"dB": 6.0, "deg": 5.0}, 1.5)
"""In one corner."""
HALF = Step({"dB": 3.0, "deg": 2.5}, 1.2)
"""In several corners, where the others still have to follow the worst. `_ROUND` is finer, so that a round target lies
beyond the value too.
"""
_RELAXED = 2.0
"""Factor by which power may rise to allow the other targets."""
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
STABLE = 0.75
"""Share of the wanted phase margin below which a draft asks for less bandwidth."""
NEARNESS = 0.05
"""Allowed relative deviation of a value to keep."""
_SLEWS = ("slew_rate_up", "slew_rate_down")
DRAFTED_UNIT = {"V/s": "V/us"}
"""The unit of a draft's target, if it differs from the metric's."""
SLOW = {"V/s": (1e3, "mV/s")}
"""Below this number another unit is written: a droop is no slew rate."""


def drafted_unit(unit: str, value: float) -> str:
    """The unit of a target in a draft. `unit`: the metric's; `value` in it."""
    limit, small = SLOW.get(unit, (0.0, unit))
    return DRAFTED_UNIT.get(unit, unit) if value >= limit else small


Target = tuple[float, str]
"""The bound, and how it was found."""
Measured = Mapping[str, float | None] | None


def targets_of(
    senses: Mapping[str, str],
    measured: Measured,
    step: float,
    spread: Spread | None = None,
    given: Mapping[str, float] | None = None,
) -> dict[str, Target]:
    """Metric → target.

    Args:
        senses: metric → minimum, maximum or near.
        measured: metric → value in the nominal corner, None without one.
        step: of the step response, in V.
        spread: over the corners, if there are several.
        given: metric → value that the user's settings name: it counts where nothing was measured.
    """
    spread = spread or {}
    beyond = HALF if spread else WHOLE
    worst = None if measured is None else {**measured, **_worst(senses, measured, spread)}
    result = {
        metric: _target(
            metric, sense, None if worst is None else worst.get(metric), _now(metric, sense, measured, spread), beyond
        )
        for metric, sense in senses.items()
    }
    result |= {
        metric: (value, "as given")
        for metric, value in (given or {}).items()
        if metric in senses and not (worst or {}).get(metric)
    }
    if worst is not None:
        _stabilise(result, worst, beyond.factor)
        _agree(result, worst, step, beyond.factor)
    return result


def _worst(senses: Mapping[str, str], measured: Mapping[str, float | None], spread: Spread) -> dict[str, float]:
    """Metric → value in its worst corner; without those that have no positive one there: a circuit that does not work
    in a corner is no basis.
    """
    found = {}
    for metric, sense in senses.items():
        if metric in spread and measured.get(metric) is not None and sense != NEAR:
            value, _ = spread[metric].worst(sense)
            if value > 0 or METRICS[metric].ask == "typical":
                found[metric] = value
    return found


def _now(metric: str, sense: str, measured: Measured, spread: Spread) -> str:
    """The nominal value in words, and the value of the worst corner."""
    value = (measured or {}).get(metric)
    if value is None:
        return ""

    def shown(number: float) -> str:
        unit = METRICS[metric].unit
        return format_quantity(number, drafted_unit(unit, number), 3)

    found = f"now {shown(value)}"
    seen = spread.get(metric)
    if seen is None:
        return found
    ends = (seen.low, seen.high) if sense == NEAR else (seen.worst(sense),)
    others = " and ".join(f"{shown(number)} in {corner}" for number, corner in ends if shown(number) != shown(value))
    return f"{found}{f', {others}' if others else ''}{seen.gap}"


def ends_of(metric: str, value: float, spread: Spread) -> tuple[float, float]:
    """The bounds of a value to keep: its nearness around the values of all corners."""
    low, high = (spread[metric].low[0], spread[metric].high[0]) if metric in spread else (value, value)
    return low * (1 - NEARNESS), high * (1 + NEARNESS)


def slowest(measured: Measured, spread: Spread) -> Measured:
    """The values that say how long a step response takes, from the slowest corner."""
    if measured is None:
        return None
    return {**measured, **_worst({"settling_time": MAX, "gbw": MIN}, measured, spread)}


def fastest(targets: Mapping[str, Target], step: float) -> float:
    """The shortest settling time (s) that bandwidth and slew rates allow."""
    linear = SETTLED / (2 * math.pi * targets["gbw"][0]) if "gbw" in targets else 0.0
    return max(linear, *(step / targets[name][0] for name in _SLEWS if name in targets), 0.0)


def hold_of(measured: Measured) -> float | None:
    """The length (s) of each half of a step response in which the netlist's own sizes settle, with reserve; None if
    unknown.
    """
    settling, gbw = (measured or {}).get("settling_time"), (measured or {}).get("gbw")
    time = settling or (SETTLED / (2 * math.pi * gbw) if gbw else None)
    return rounded(3 * time, up=True) if time else None


NOT_MEASURED = "the netlist's own sizes could not be measured"
NO_SIZES = "the netlist has no sizes"
_STATES = frozenset({"reference", "charge pump", "regulator", "regulator with its divider"})
"""Kinds whose starting sizes say nothing of what is wanted: their outputs have a level of their own."""


def basis(kind: str, measured: Measured, *, without_sizes: bool) -> Measured:
    """The measured values from which targets are drafted: none for levels at starting sizes that nobody chose."""
    return {} if without_sizes and kind in _STATES and measured is not None else measured


def rounded(value: float, *, up: bool = False) -> float:
    """A round number near a value, or the next above it."""
    decade = 10.0 ** math.floor(math.log10(value))
    able = [step for step in _ROUND if not up or step * decade >= value * (1 - 1e-9)]
    return min(able, key=lambda step: abs(math.log(step * decade / value))) * decade


def _stabilise(targets: dict[str, Target], measured: Mapping[str, float | None], factor: float) -> None:
    """Ask for less bandwidth where the loop is not stable enough: phase margin is bought with bandwidth. The step is
    `factor` from the target's phase margin on, and `factor` - 1 without any.
    """
    gbw, phase = measured.get("gbw"), measured.get("phase_margin")
    if not gbw or phase is None or "gbw" not in targets or "phase_margin" not in targets:
        return
    share = max(phase, 0.0) / targets["phase_margin"][0]
    if share < STABLE:
        step = factor - 1 + share
        targets["gbw"] = (rounded(gbw * step), f"{targets['gbw'][1]}, with {phase:.0f} deg of phase margin")


def _agree(targets: dict[str, Target], measured: Mapping[str, float | None], step: float, factor: float) -> None:
    """Compute unmeasured values from the others, and limit settling to what the others allow."""
    known = {metric for metric in targets if measured.get(metric)}
    if "settling_time" in known and "gbw" in targets and "gbw" not in known:
        targets["gbw"] = (
            rounded(SETTLED / (2 * math.pi * targets["settling_time"][0]), up=True),
            "what settling asks for",
        )
    if "settling_time" not in targets or not known & {"gbw", "settling_time", *_SLEWS}:
        return
    measurable = {metric: target for metric, target in targets.items() if metric in known or metric == "gbw"}
    least = fastest(measurable, step)
    if "settling_time" not in known:
        targets["settling_time"] = (
            rounded(factor * least, up=True),
            "what bandwidth and slew rate allow; not measured at the netlist's sizes",
        )
    elif targets["settling_time"][0] < least:
        targets["settling_time"] = (
            rounded(least, up=True),
            f"{targets['settling_time'][1]}; bandwidth and slew rate allow no less",
        )
    for name in _SLEWS:
        if name in targets and name not in known:
            targets[name] = (
                rounded(step / targets["settling_time"][0], up=True),
                "what settling asks for; not measured at the netlist's sizes",
            )


def _target(name: str, sense: str, now: float | None, found: str, step: Step) -> Target:
    metric = METRICS[name]
    if now is None or now <= 0:
        assert metric.typical is not None, f"{name} has no typical target"
        return (
            metric.typical,
            f"a common value; {NOT_MEASURED}" if now is None else "a common value",
        )
    if metric.ask == "typical" and metric.typical is not None:
        return metric.typical, found
    if sense == NEAR:
        return now, found
    if metric.ask == "keep":
        return float(f"{(1 - NEARNESS) * now:.2g}"), found
    if metric.ask == "relax":
        return rounded(now * _RELAXED), found
    sign = 1 if sense == MIN else -1
    if metric.unit in step.differences:
        return float(round(now + sign * step.differences[metric.unit])), found
    return rounded(now * step.factor**sign), found
