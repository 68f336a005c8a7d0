"""The words of a spec are the metric and the template by which the universal surrogate knows it.

A user's own deck names its measurements as it likes: `gain_bandwidth_product` is `gbw`. Name, unit and ramp tell which
known metric it is. A constant factor, such as V/us for V/s, matters little, because the surrogate predicts changes. If
the word is wrong, the turns contradict the surrogate in this spec, and it uses the turns alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Problem, Spec
from eda_agent.units import base_unit

_LEVEL = r"(at)?(dc|lf|db|0)?"
_RISING, _FALLING = r"(r|rise|rising|up|p|pos|plus)", r"(f|fall|falling|dn|down|n|neg|minus)"
_NAMES = {
    "dc_gain": rf"(dc|lf|ol|openloop)?(gain|a|av|adc|aol|avol){_LEVEL}",
    "gbw": r"gb|gbw|gbp|gbwp|gainbandwidth(product)?|ugf|ugb|ugbw|unitygain(freq|frequency|bandwidth|bw)",
    "phase_margin": r"(pm|phase|phasemargin)(in)?(deg|degrees)?",
    "cmrr": rf"(dc)?cmrr?{_LEVEL}",
    "psrr_plus": rf"(dc)?psrr?(p|pos|plus|vdd|dd)?{_LEVEL}",
    "psrr_minus": rf"(dc)?psrr?(n|m|neg|minus|vss|gnd|ss){_LEVEL}",
    "power": r"(p|pwr|power)(diss|dissipation|dc|total|consumption)?",
    "slew_rate_up": rf"(sr|slew|slewrate){_RISING}?",
    "slew_rate_down": rf"(sr|slew|slewrate){_FALLING}",
    "settling_time": rf"(t|time)?(settle|settling)(time)?{_RISING}?|ts",
}
"""Known metric → its names in users' decks, in small letters and without underscores."""
_REJECTIONS = ("cmrr", "psrr_plus", "psrr_minus")
"""Metrics that a deck may give with the opposite sign, as the gain from the disturbance to the output."""
_TEMPLATES = {
    "dc_gain": "opamp_open_loop",
    "gbw": "opamp_open_loop",
    "phase_margin": "opamp_open_loop",
    "power": "opamp_open_loop",
    "cmrr": "opamp_cmrr",
    "psrr_plus": "opamp_psrr_plus",
    "psrr_minus": "opamp_psrr_minus",
    "slew_rate_up": "opamp_step",
    "slew_rate_down": "opamp_step",
    "settling_time": "opamp_step",
}
"""Metric of an op-amp → the template that measures it."""


@dataclass(frozen=True)
class SpecWords:
    """`sign`: −1 if the known metric is the negative of the spec's."""

    metric: str
    template: str
    sign: int = 1


def words_of(problem: Problem) -> list[SpecWords]:
    """The words of every spec. A deck that measures a gain and its bandwidth has the templates of op-amps."""
    metrics = [known_metric(spec) for spec in problem.specs]
    of_opamp = {"dc_gain", "gbw"} <= set(metrics)
    found = []
    for spec, metric in zip(problem.specs, metrics, strict=True):
        bench = problem.testbenches.get(spec.testbench)
        template = bench.template if bench is not None else ""
        if bench is not None and not template and of_opamp:
            template = _TEMPLATES.get(metric, "")
        found.append(SpecWords(metric, template, _sign(spec, metric)))
    return found


def known_metric(spec: Spec) -> str:
    """The name of the known metric that a spec's name and unit mean, or the name of its own metric."""
    own = spec.metric
    if own.name in METRICS:
        return own.name
    name = re.sub(r"[_\W]|\d+$", "", own.name.lower())
    for metric, names in _NAMES.items():
        known = METRICS[metric]
        same = base_unit(own.unit) == base_unit(known.unit) or not own.unit
        if own.ramp == known.ramp and same and (own.unit or known.ramp == "log") and re.fullmatch(names, name):
            return metric
    return own.name


def _sign(spec: Spec, metric: str) -> int:
    """Rejections are positive and wanted large; one that must stay below a negative maximum is a gain."""
    return -1 if metric in _REJECTIONS and spec.maximum is not None and spec.maximum < 0 else 1
