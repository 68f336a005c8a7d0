"""A guard band moves a bound inward, so that a result meets the user's target with something to spare.

`Spec.asked` keeps the user's bounds; views show both.
"""

from __future__ import annotations

from dataclasses import replace

from eda_agent.problem.spec import Problem, Spec


def with_guard(problem: Problem, share: float | None) -> Problem:
    """The problem with every bound moved inward by a share of itself; a bound of 0 stays. None changes nothing."""
    if not share:
        return problem
    return replace(problem, specs=tuple(_guarded(spec, share) for spec in problem.specs))


def _guarded(spec: Spec, share: float) -> Spec:
    return tightened(spec, share * abs(spec.minimum or 0.0), share * abs(spec.maximum or 0.0))


def tightened(spec: Spec, below: float, above: float) -> Spec:
    """A spec with its minimum raised by `below` and its maximum lowered by `above` (SI units, ≥ 0).

    A maximum of a log metric stays above 0: at least half of the user's. Bounds that would cross meet in their middle.
    """
    if not ((spec.minimum is not None and below) or (spec.maximum is not None and above)):
        return spec
    low = spec.minimum + below if spec.minimum is not None else None
    high = spec.maximum - above if spec.maximum is not None else None
    if high is not None and spec.metric.ramp == "log" and high <= 0:
        high = spec.maximum / 2 if spec.maximum is not None else None
    if low is not None and high is not None and low > high:
        low = high = (low + high) / 2
    return replace(spec, minimum=low, maximum=high, worst=None, asked=(spec.minimum, spec.maximum))
