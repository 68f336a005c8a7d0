"""A choice is a problem with one of its sizings: a spec with the netlist's sizes, or a run with those of a turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.insight.least_margin import least_margin
from eda_agent.problem.load import load_problem
from eda_agent.problem.shipped import spec_place
from eda_agent.problem.spec import Problem
from eda_agent.record.run_state import chosen_turn, load_state
from eda_agent.run.run_problem import problem_of_run
from eda_agent.run.spec_copy import changed_since, original_spec


@dataclass(frozen=True)
class Choice:
    """`sizing` is legal and complete; `folder` is that of the run, None without one; `least` is (spec, corner) of the
    least margin of its turn, None if it is unknown or if the corner is not one of the problem's.
    """

    problem: Problem
    sizing: dict[str, float]
    folder: Path | None = None
    least: tuple[str, str] | None = None


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a run."""
    return (path / "journal.jsonl").is_file()


def choose(
    spec: Path | None,
    folder: Path | None = None,
    turn: int | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Choice:
    """What a spec, a run and a turn choose.

    Args:
        spec: spec.yaml, its folder, or the folder of a run.
        folder: of a run, with its targets and corners, the user's edits included. A spec given beside it replaces
            these.
        turn: whose sizes; None for the best.
        tell: receives what differs from the time of the run.

    Raises:
        InputError: nothing is chosen, or the run has no such turn.
    """
    spec = spec_place(spec) if spec is not None else None
    folder = folder or (spec if spec is not None and is_run(spec) else None)
    if folder is None:
        if spec is None:
            raise InputError("no spec and no run is given\n    → give a spec, or a run: its folder, or --from RUN")
        if turn is not None:
            raise InputError("--turn needs a run\n    → give the run's folder, or --from RUN")
        problem = load_problem(spec)
        return Choice(problem, dict(problem.space.initial))
    state = load_state(folder)
    row = chosen_turn(state, turn, folder)
    if row["sizing"] is None:
        raise InputError(Finding(f"turn {row['index']} has no sizing", folder))
    if spec is not None and _another(spec, folder, tell):
        problem = load_problem(spec)
        tell(f"targets and corners are those of {spec}, the sizes those of {folder}")
    else:
        found = problem_of_run(folder, state)
        problem = found.problem
        for line in found.said:
            tell(line)
    least = least_margin(state.started, row)
    known = least is not None and least[1] in {corner.name for corner in problem.corners}
    return Choice(problem, _legal(problem, row["sizing"], spec, folder, tell), folder, least if known else None)


def _legal(
    problem: Problem, given: dict[str, float], spec: Path | None, folder: Path, tell: Callable[[str], None]
) -> dict[str, float]:
    try:
        sizing = {name: float(given[name]) for name in problem.space.names}
    except KeyError as error:
        raise InputError(
            f"{folder}: the run has no size {error.args[0]!r} that {spec} names\n    → name the folder of a run of the"
            " same spec"
        ) from None
    legal = problem.space.snap(sizing)
    inside = {one.name for one in problem.space.parameters if one.minimum <= sizing[one.name] <= one.maximum}
    moved = [name for name, value in legal.items() if value != sizing[name]]
    if outside := [name for name in moved if name not in inside]:
        tell(f"{', '.join(outside)} of the run are outside the ranges of {problem.path}, and are moved into them")
    if between := [name for name in moved if name in inside]:
        tell(f"{', '.join(between)} of the run are between the steps of {problem.path}, and are rounded to them")
    return legal


def _another(spec: Path, folder: Path, tell: Callable[[str], None]) -> bool:
    """Whether the given spec is not the run's own."""
    if spec.resolve() == folder.resolve():
        return False
    path = (spec / "spec.yaml" if spec.is_dir() else spec).resolve()
    if path == original_spec(folder).resolve() and changed_since(folder):
        tell(f"{spec} has changed since the run: targets and corners are those of the run")
    return path not in {original_spec(folder).resolve(), (folder / "spec.yaml").resolve()}
