"""The input offset of a circuit with a differential input is watched in Monte Carlo, also if no spec asks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from eda_agent.metrics import METRICS
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.settings import read_default
from eda_agent.problem.spec import Analysis, Problem, Spec, Testbench

OFFSET, DECISION = "input_offset", "decision_offset"
CLOCKED = frozenset({"comparator", "comparator_single"})
"""Templates of clocked comparators; that of their offset has `_offset` behind the name."""


def with_offset(problem: Problem) -> Problem:
    """The problem with the input offset as a spec without a bound, if a testbench of its specs can measure it and none
    of them does. A clocked comparator gets a testbench for it, under the conditions of its first one.
    """
    if offset_of(problem):
        return problem
    used = {spec.testbench for spec in problem.specs}
    for name, testbench in problem.testbenches.items():
        if name in used and OFFSET in testbench.sources and testbench.program is None:
            return replace(problem, specs=(*problem.specs, Spec(OFFSET, METRICS[OFFSET], name, None, None)))
    for name, testbench in problem.testbenches.items():
        if name in used and testbench.template in CLOCKED and DECISION not in problem.testbenches:
            return replace(
                problem,
                testbenches={**problem.testbenches, DECISION: _search(testbench)},
                specs=(*problem.specs, Spec(DECISION, METRICS[DECISION], DECISION, None, None)),
            )
    return problem


def offset_of(problem: Problem) -> str:
    """The name of the spec that is the input offset; "" without one."""
    known = {OFFSET, DECISION}
    return next((spec.name for spec in problem.specs if known & {spec.metric.name, spec.name}), "")


def _search(bench: Testbench) -> Testbench:
    """The testbench that looks for the offset of a clocked comparator, with the load, clock and bias of `bench`."""
    template = f"{bench.template}_offset"
    data = read_template(template)
    settings = {key: read_default(entry["default"]) for key, entry in data["settings"].items()}
    own = {key: bench.settings[key] for key in ("load", "vcm", "frequency", "edge") if key in bench.settings}
    return replace(
        bench,
        name=DECISION,
        template=template,
        # what follows the template's deck are the sources at bias ports
        deck=data["deck"] + bench.deck.removeprefix(read_template(bench.template)["deck"]),
        settings=settings | own,
        analyses=tuple(Analysis(kind, command) for kind, command in data["analyses"].items()),
        probes=data["probes"],
        sources=data["metrics"],
        grows={},
    )


def rms(values: Sequence[float | None]) -> float:
    """Root mean square of the known values, nan without one: of an offset whose mean is zero it is one sigma, although
    the values are magnitudes.
    """
    known = [value for value in values if value is not None]
    return math.sqrt(math.fsum(value * value for value in known) / len(known)) if known else math.nan
