"""A run's problem has its targets with the user's edits, its corners and its budget, all from the journal.

Every view that simulates, scores or exports uses this problem. The circuit comes from the run's copy (`run.spec_copy`).
Targets, corners and budget never come from a spec, which may have changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.problem.extracted.wires import wires_from
from eda_agent.problem.layout import layout_from
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_corners import named_set
from eda_agent.problem.spec import Budget, Corner, Problem, Spec
from eda_agent.record.fold import RunState
from eda_agent.run.spec_copy import spec_of_run

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunProblem:
    """`problem`: with the user's targets, also if the run sized for tighter ones. `said`: differences from the time
    when the run was created.
    """

    problem: Problem
    said: tuple[str, ...] = ()


def problem_of_run(folder: Path, state: RunState) -> RunProblem:
    """The problem of a run. Raises `InputError` if its circuit is missing or has changed.

    The ranges are those at the start of the run, because earlier turns may lie outside a range that was narrowed later.
    """
    path, said = spec_of_run(folder)
    problem = load_problem(path)
    begun = state.started
    for what, ours, theirs in (
        ("parameters", problem.space.names, begun["parameters"]),
        ("specs", problem.spec_names, begun["specs"]),
    ):
        if sorted(ours) != sorted(row["name"] for row in theirs):
            raise InputError(
                Finding(
                    f"the spec has other {what} than the run",
                    path,
                    fix=f"restore the {path.name} with which the run was started",
                )
            )
    corners = _corners(problem, begun, path)
    specs = _specs(problem, begun["specs"], begun.get("corner_set"))
    others = [spec.name for spec, old in zip(specs, problem.specs, strict=True) if _bounds(spec) != _bounds(old)]
    if others and not state.edits:
        said = (*said, f"{path} has another {', '.join(others)} than the run: the run's targets are shown")
    if state.turns and _moved(problem, state.turns[0].get("sizing")):
        said = (
            *said,
            f"the netlist of {path} has other sizes than at the start of the run: sizes taken from it may differ",
        )
    return RunProblem(
        replace(
            problem,
            name=begun["problem"],
            specs=specs,
            corners=corners,
            budget=_budget(problem, begun),
            layout=layout_from(begun.get("layout")),
            wires=wires_from(begun.get("wires")),
        ),
        said,
    )


def _corners(problem: Problem, begun: Row, path: Path) -> tuple[Corner, ...]:
    if "corner_table" in begun:
        return tuple(
            Corner(row["name"], row["process"], row["vdd"], row["temperature"], dict(row["settings"]))
            for row in begun["corner_table"]
        )
    # a journal of version 0.1.0 has only the names
    named = begun.get("corner_set")
    corners = named_set(named, problem.pdk) if named else problem.corners
    if [corner.name for corner in corners] != begun["corners"]:
        raise InputError(
            Finding(
                "the spec has other corners than the run", path, fix=f"the run's are {', '.join(begun['corners'][:6])}"
            )
        )
    return corners


def _specs(problem: Problem, rows: Sequence[Row], named: str | None) -> tuple[Spec, ...]:
    told = {row["name"]: row for row in rows}
    result = []
    for spec in problem.specs:
        row = told[spec.name]
        low, high = row.get("asked") or (row["minimum"], row["maximum"])
        corners = tuple(row["corners"]) if "corners" in row else () if named else spec.corners
        result.append(
            replace(
                spec,
                minimum=low,
                maximum=high,
                weight=row["weight"],
                objective=row["objective"],
                worst=row.get("worst", spec.worst),
                corners=corners,
            )
        )
    return tuple(result)


def _bounds(spec: Spec) -> tuple[float | None, float | None]:
    return spec.minimum, spec.maximum


def _moved(problem: Problem, first: Mapping[str, float] | None) -> bool:
    return first is not None and problem.space.snap(problem.space.initial) != problem.space.snap(first)


def _budget(problem: Problem, begun: Row) -> Budget:
    known = {name: value for name, value in begun.get("budget", {}).items() if name in vars(problem.budget)}
    return replace(problem.budget, **known)
