"""The stability check simulates a netlist's own sizes once, in the first corner: a circuit that oscillates there is
named before anything is sized.

All testbenches of cards run; natural modes are read in those with small signals. Sizing may well remove an oscillation,
so this refuses nothing but a deck with a line that ngspice does not accept: no size changes that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from eda_agent.errors import MissingError
from eda_agent.metrics.contradiction import MARGINS, tells_of_instability
from eda_agent.metrics.waveform import MODES
from eda_agent.problem.spec import Problem, Spec, Testbench
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.units import format_quantity


@dataclass(frozen=True)
class Trial:
    """What one simulation of the netlist's own sizes shows: a sentence for each testbench in which they oscillate
    (`unsteady`), and for each that ngspice does not accept (`refused`).
    """

    unsteady: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def tried(problem: Problem) -> Trial:
    """The trial; an empty one where a designer's own script measures everything."""
    specs = tuple(spec for spec in problem.specs if spec.testbench and _shows(problem.testbenches[spec.testbench]))
    if not specs:
        return Trial()
    corner = problem.corners[0]
    specs = tuple(spec for spec in specs if spec.counts_in(corner.name))
    names = {spec.testbench for spec in specs}
    benches = {name: _with_modes(bench) for name, bench in problem.testbenches.items() if name in names}
    part = replace(problem, corners=(corner,), testbenches=benches, specs=specs)
    try:
        with open_evaluator(part, workers=1) as evaluator:
            found = evaluator.evaluate([part.space.initial])[0]
    except MissingError as error:
        return Trial([f"not simulated: {str(error).splitlines()[0]}"])
    said: dict[str, str] = {}
    for spec in specs:
        why = _why(spec, found.values[corner.name].get(spec.name), found.reasons.get((corner.name, spec.name), ""))
        if why:
            said.setdefault(spec.testbench, why)
    return Trial(
        [f"at the netlist's own sizes, in testbench {name}: {why}" for name, why in said.items()],
        [
            f"testbench {bench} cannot be simulated: {fault}"
            for bench, _, fault in found.failures
            if fault.kind == "syntax"
        ],
    )


def _shows(bench: Testbench) -> bool:
    # a designer's own script may take any time
    return bench.program is None


def _with_modes(bench: Testbench) -> Testbench:
    return replace(bench, probes={**bench.probes, MODES: "all"}) if "ac" in _kinds(bench) else bench


def _kinds(bench: Testbench) -> set[str]:
    return {analysis.kind for analysis in bench.analyses}


def _why(spec: Spec, value: float | None, why: str) -> str:
    if spec.metric.name in MARGINS and value is not None and value < 0:
        return f"{spec.name} is {format_quantity(value, spec.metric.unit, 3)}: the loop is unstable"
    return why if value is None and tells_of_instability(why) and "proves nothing" not in why else ""
