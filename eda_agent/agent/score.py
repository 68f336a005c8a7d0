"""The score is one number in [0, 1] for a sizing: 1 exactly if every spec is met in every corner, 0 for a failed
proposal.

For a spec with target t and worst value w the margin of a value x is

    linear   (x − t) / |t − w|                  for a minimum; (t − x) / |t − w| for a maximum
    log      ln(x / t) / |ln(t / w)|            for a minimum; ln(t / x) / |ln(t / w)| for a maximum

It is ≥ 0 if the spec is met and −1 at the worst value. Satisfaction is 1 + margin, clipped to [0, 1]. With weights g
and the worst corner c,

    score = Σ_i g_i · min_c satisfaction_i(c) / Σ_i g_i

A spec with both bounds takes the smaller margin. An unmeasurable value has satisfaction 0. w is the metric's
(a factor of `LOG_SPAN` off for log scales, `Metric.span` off for linear ones) unless spec.yaml has `worst:`.

Of a censored value only a bound b is known: the true value lies above ("> b") or below ("< b") it. If the true value
can only be better ("> b" for a minimum, "< b" for a maximum), b counts as the value. If it can only be worse, the spec
is not met, and the margin is that of b or `UNPROVEN`, whichever is less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.metrics import LOG_SPAN
from eda_agent.problem.spec import Spec
from eda_agent.simulation.evaluation import Evaluation

_BELOW_ONE = math.nextafter(1.0, 0.0)
_WORST_MARGIN = -1.0
UNPROVEN = -0.5
"""Upper limit of the margin of a value that is known only to be worse than its bound."""


@dataclass(frozen=True, slots=True)
class SpecResult:
    """A spec's worst corner: value (SI, None if unmeasurable), margin (−1 …, ≥ 0 is met), satisfaction in [0, 1].

    `bound`: ">" or "<" of a censored value (see `Evaluation.bounds`); `why`: the reason for the censoring, or the
    device of the value.
    """

    spec: str
    corner: str
    value: float | None
    margin: float
    satisfaction: float
    why: str = ""
    bound: str = ""

    @property
    def met(self) -> bool:
        return self.satisfaction == 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """`value` in [0, 1]; `merit` orders sizings that meet every spec by their objectives (higher is better, 0 at the
    targets).
    """

    value: float
    merit: float
    results: Sequence[SpecResult]

    @property
    def met(self) -> bool:
        return self.value == 1.0

    @property
    def rank_key(self) -> tuple[float, float]:
        """Sort key of the incumbent."""
        return (self.value, self.merit if self.met else 0.0)


def margin(spec: Spec, value: float | None, bound: str = "") -> float:
    """Signed distance from the target in units of the ramp.

    Args:
        spec: targets, worst value and scale.
        value: SI units; None if it could not be measured.
        bound: ">" or "<" of a censored value, else "".

    Returns:
        the margin: ≥ 0 is met, −1 (or below) is the worst value.
    """
    if value is None or math.isnan(value):
        return _WORST_MARGIN
    margins = []
    if spec.minimum is not None:
        distance = _margin(spec, value, spec.minimum, 1.0)
        margins.append(min(distance, UNPROVEN) if bound == "<" else distance)
    if spec.maximum is not None:
        distance = _margin(spec, value, spec.maximum, -1.0)
        margins.append(min(distance, UNPROVEN) if bound == ">" else distance)
    return min(margins)


def _margin(spec: Spec, value: float, target: float, sign: float) -> float:
    if spec.metric.ramp == "log":
        worst = spec.worst if spec.worst is not None and spec.worst > 0 else target / LOG_SPAN**sign
        span = abs(math.log(target / worst))
        if value / target <= 0:
            # below the range of a log scale: the worst for a minimum, better than required for a maximum
            return -math.inf if sign > 0 else math.inf
        return sign * math.log(value / target) / span
    if spec.worst is not None:
        span = abs(target - spec.worst)
    else:
        span = spec.metric.span or abs(target) or 1.0
    return sign * (value - target) / span


def margin_lines(spec: Spec) -> list[tuple[float, float]]:
    """(slope, intercept) of the margin as a function of the value, or of its logarithm for a log ramp; with two bounds
    the smaller line counts.
    """
    lines = []
    for target, sign in ((spec.minimum, 1.0), (spec.maximum, -1.0)):
        if target is None:
            continue
        log = spec.metric.ramp == "log"
        other = target * math.e if log else target + 1.0
        at = math.log(target) if log else target
        slope = _margin(spec, other, target, sign)
        lines.append((slope, -slope * at))
    return lines


def satisfaction(spec: Spec, value: float | None, bound: str = "") -> float:
    """1 exactly if the spec is met, falling to 0 at its worst value."""
    return _satisfaction(spec, value, bound, margin(spec, value, bound))


def _satisfaction(spec: Spec, value: float | None, bound: str, distance: float) -> float:
    if spec.met(value, bound):
        return 1.0
    return min(max(0.0, 1.0 + distance), _BELOW_ONE) if value is not None else 0.0


def score(specs: Sequence[Spec], evaluation: Evaluation, corners: int = 0) -> Score:
    """Score an evaluation by the module's formula. A simulation that failed anywhere makes the score 0.

    Args:
        specs: what to score.
        evaluation: values by corner and spec, SI units.
        corners: number of corners of the problem. An evaluation in fewer gives a bound, which meets no spec.

    Returns:
        the score with each spec's result in its worst corner.
    """
    results = tuple(_worst(spec, evaluation) for spec in specs)
    if evaluation.failures:
        return Score(0.0, 0.0, results)
    total = math.fsum(spec.weight for spec in specs)
    value = math.fsum(spec.weight * result.satisfaction for spec, result in zip(specs, results, strict=True)) / total
    met = all(result.met for result in results) and len(evaluation.values) >= corners
    value = 1.0 if met else min(value, _BELOW_ONE)
    merit = math.fsum(spec.weight * _gain(spec, evaluation) for spec in specs if spec.objective) / total
    return Score(value, merit, results)


def _worst(spec: Spec, evaluation: Evaluation) -> SpecResult:
    rows = []
    for corner, row in evaluation.values.items():
        if spec.name in row:
            found, bound = row[spec.name], evaluation.bounds.get((corner, spec.name), "")
            distance = margin(spec, found, bound)
            rows.append((_satisfaction(spec, found, bound, distance), distance, corner, found, bound))
    if not rows:
        # its corners were skipped, so the spec counts as met in the bound
        return SpecResult(spec.name, "", None, 0.0, 1.0, "not simulated")
    graded, distance, corner, value, bound = min(rows, key=lambda row: (row[0], row[1]))
    return SpecResult(
        spec.name,
        corner,
        value,
        max(distance, _WORST_MARGIN),
        graded,
        evaluation.reasons.get((corner, spec.name), ""),
        bound,
    )


def _gain(spec: Spec, evaluation: Evaluation) -> float:
    """Distance of the worst corner beyond the target in the direction of the objective, in units of the ramp."""
    sign = 1.0 if spec.objective == "maximize" else -1.0
    worse = "<" if sign > 0 else ">"
    gains = []
    for corner, row in evaluation.values.items():
        if spec.name not in row:
            continue
        value = row[spec.name]
        known = value is not None and evaluation.bounds.get((corner, spec.name)) != worse
        gains.append(_margin(spec, value, spec.target, sign) if known and value is not None else _WORST_MARGIN)
    return max(min(gains, default=0.0), -1e3)
