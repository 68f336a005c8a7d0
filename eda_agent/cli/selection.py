"""Selection: the options of a command choose a spec with its initial sizes, or a run with its best design."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path
from typing import Any

from eda_agent import run
from eda_agent.cli.run_state import chosen_turn, load_state
from eda_agent.cli.say import say
from eda_agent.errors import Finding, InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.space import Parameter
from eda_agent.problem.spec import Problem
from eda_agent.units import PREFIXES, QuantityError, format_quantity, parse_quantity


def selected(options: argparse.Namespace) -> tuple[Problem, dict[str, float]]:
    """The problem and a legal sizing that SPEC, --from, --turn and --set select. Raises `InputError`.

    A run has its own targets and corners, the user's edits included. A spec given beside a run replaces its targets and
    corners.
    """
    folder = options.run or (
        options.spec if options.spec is not None and (options.spec / "journal.jsonl").is_file() else None
    )
    if folder is None:
        if options.spec is None:
            raise InputError("give a spec, or a run: its folder, or --from RUN")
        if options.turn is not None:
            raise InputError("--turn needs a run\n    → give the run's folder, or --from RUN")
        problem = load_problem(options.spec)
        return problem, _with_values(problem, problem.space.initial, options.values)
    state = load_state(folder)
    turn = chosen_turn(state, options.turn, folder)
    if turn["sizing"] is None:
        raise InputError(Finding(f"turn {turn['index']} has no sizing", folder))
    if _another(options.spec, folder):
        problem = load_problem(options.spec)
        say(f"eda-agent: targets and corners are those of {options.spec}, the sizes those of {folder}")
    else:
        problem = problem_asked(folder, state)
    try:
        sizing = {name: float(turn["sizing"][name]) for name in problem.space.names}
    except KeyError as error:
        raise InputError(
            f"{folder}: the run has no size {error.args[0]!r} that {options.spec} names\n    → name the folder of a run"
            " of the same spec"
        ) from None
    legal = problem.space.snap(sizing)
    moved = [name for name, value in legal.items() if value != sizing[name]]
    if moved:
        say(
            f"eda-agent: {', '.join(moved)} of the run are outside the ranges of {problem.path}, and are moved into"
            " them"
        )
    return problem, _with_values(problem, legal, options.values)


def problem_asked(folder: Path, state: Any) -> Problem:
    """The problem of a run. Differences from the time of its creation are reported on stderr."""
    asked = run.problem_of_run(folder, state)
    for line in asked.said:
        say(f"eda-agent: {line}")
    return asked.problem


def _another(spec: Path | None, folder: Path) -> bool:
    """Whether the given spec is not the run's own."""
    if spec is None or spec.resolve() == folder.resolve():
        return False
    path = (spec / "spec.yaml" if spec.is_dir() else spec).resolve()
    if path == run.original_spec(folder).resolve() and run.changed_since(folder):
        say(f"eda-agent: {spec} has changed since the run: targets and corners are those of the run")
    return path not in {run.original_spec(folder).resolve(), (folder / "spec.yaml").resolve()}


def _with_values(problem: Problem, sizing: dict[str, float], values: list[str]) -> dict[str, float]:
    """The sizing with the values of --set."""
    units = {parameter.name: parameter for parameter in problem.space.parameters}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or name not in units:
            near = difflib.get_close_matches(name, units, 1)
            raise InputError(
                f"--set {text}: {'no parameter ' + repr(name) if equals else 'write NAME=VALUE'}\n    →"
                f" {'did you mean ' + near[0] + '?' if near else 'one of ' + ', '.join(units)}"
            )
        try:
            number = parse_quantity(value, units[name].unit)
        except QuantityError as error:
            raise InputError(f"--set {text}: {error}") from None
        if not units[name].minimum <= number <= units[name].maximum:
            raise InputError(f"--set {text}: {_outside(units[name], number, value)} in {problem.path}")
        sizing[name] = number
    return problem.space.snap(sizing)


def _outside(parameter: Parameter, number: float, written: str) -> str:
    """Why a value is refused, and the prefix that its writer may have left out."""
    span = " to ".join(format_quantity(end, parameter.unit) for end in (parameter.minimum, parameter.maximum))
    fault = f"outside the range of {parameter.name}, {span}"
    for prefix, power in PREFIXES.items():
        if written.strip()[-1:].isdigit() and parameter.minimum <= number * 10.0**power <= parameter.maximum:
            return f"{fault}\n    → did you mean {written.strip()}{prefix}? Else widen min and max"
    return f"{fault}\n    → widen min and max"
