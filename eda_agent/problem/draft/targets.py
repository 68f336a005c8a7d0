"""A target of a draft is a step beyond the value at the netlist's own sizes; all targets together must be possible for
one circuit.

A loop with one pole settles to 1 % in ln 100 / (2π·GBW) at best, and a slewing output needs its step divided by the
slew rate. A drafted settling time is never shorter than that, and a value that could not be measured is computed from
the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from eda_agent.metrics import METRICS
from eda_agent.problem.draft.benches import MIN, NEAR
from eda_agent.units import format_quantity

SETTLED = math.log(100)
"""Time constants of one pole until 1 % is left."""
_STEP = {"dB": 6.0, "deg": 5.0}
_FACTOR = 1.5
"""Step beyond the measured value: 6 dB, or a factor of 1.5."""
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


def targets_of(senses: Mapping[str, str], measured: Measured, step: float) -> dict[str, Target]:
    """Metric → target. `senses`: metric → minimum or maximum; `measured`: metric → value, None without one; `step`: of
    the step response, in V.
    """
    result = {
        metric: _target(metric, sense, None if measured is None else measured.get(metric))
        for metric, sense in senses.items()
    }
    if measured is not None:
        _stabilise(result, measured)
        _agree(result, measured, step)
    return result


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


def _stabilise(targets: dict[str, Target], measured: Mapping[str, float | None]) -> None:
    """Ask for less bandwidth where the loop is not stable enough: phase margin is bought with bandwidth. The step is
    `_FACTOR` from the target's phase margin on, and `_FACTOR` - 1 without any.
    """
    gbw, phase = measured.get("gbw"), measured.get("phase_margin")
    if not gbw or phase is None or "gbw" not in targets or "phase_margin" not in targets:
        return
    share = max(phase, 0.0) / targets["phase_margin"][0]
    if share < STABLE:
        step = _FACTOR - 1 + share
        targets["gbw"] = (rounded(gbw * step), f"{targets['gbw'][1]}, with {phase:.0f} deg of phase margin")


def _agree(targets: dict[str, Target], measured: Mapping[str, float | None], step: float) -> None:
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
            rounded(_FACTOR * least, up=True),
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


def _target(name: str, sense: str, now: float | None) -> Target:
    metric = METRICS[name]
    if now is None or now <= 0:
        assert metric.typical is not None, f"{name} has no typical target"
        return (
            metric.typical,
            f"a common value; {NOT_MEASURED}" if now is None else "a common value",
        )
    found = f"now {format_quantity(now, drafted_unit(metric.unit, now), 3)}"
    if metric.ask == "typical" and metric.typical is not None:
        return metric.typical, found
    if sense == NEAR:
        return now, found
    if metric.ask == "keep":
        return float(f"{(1 - NEARNESS) * now:.2g}"), found
    if metric.ask == "relax":
        return rounded(now * _RELAXED), found
    sign = 1 if sense == MIN else -1
    if metric.unit in _STEP:
        return float(round(now + sign * _STEP[metric.unit])), found
    return rounded(now * _FACTOR**sign), found
