"""The input offset of a circuit with a differential input is watched in Monte Carlo, also if no spec asks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Problem, Spec

OFFSET = "input_offset"


def with_offset(problem: Problem) -> Problem:
    """The problem with the input offset as a spec without a bound, if a testbench of its specs can measure it and none
    of them does.
    """
    if any(spec.metric.name == OFFSET or spec.name == OFFSET for spec in problem.specs):
        return problem
    used = {spec.testbench for spec in problem.specs}
    for name, testbench in problem.testbenches.items():
        if name in used and OFFSET in testbench.sources and testbench.program is None:
            return replace(problem, specs=(*problem.specs, Spec(OFFSET, METRICS[OFFSET], name, None, None)))
    return problem


def rms(values: Sequence[float | None]) -> float:
    """Root mean square of the known values, nan without one: of an offset whose mean is zero it is one sigma, although
    the values are magnitudes.
    """
    known = [value for value in values if value is not None]
    return math.sqrt(math.fsum(value * value for value in known) / len(known)) if known else math.nan
