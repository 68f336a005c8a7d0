"""Selection: the options of a command choose a spec with its initial sizes, or a run with its best design."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from eda_agent import run
from eda_agent.cli.say import say
from eda_agent.errors import InputError
from eda_agent.problem.given_sizing import complete
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState
from eda_agent.run.chosen import Choice, choose
from eda_agent.run.widening import how_to_widen


def selected(options: argparse.Namespace) -> tuple[Problem, dict[str, float]]:
    """The problem and a legal sizing that SPEC, --from, --turn and --set select. Raises `InputError`."""
    chosen = selection(options)
    return chosen.problem, chosen.sizing


def selection(options: argparse.Namespace) -> Choice:
    """What SPEC, --from, --turn and --set select, with a legal sizing. Raises `InputError`."""
    chosen = choose(options.spec, options.run, options.turn, lambda text: say(f"eda-agent: {text}"))
    given = {}
    for text in options.values:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set {text}: write NAME=VALUE\n    → one of {', '.join(chosen.problem.space.names)}")
        given[name] = value
    sizing = complete(chosen.problem.space, given, chosen.sizing, widen=lambda: how_to_widen(chosen.problem.path))
    return replace(chosen, sizing=sizing)


def problem_asked(folder: Path, state: RunState) -> Problem:
    """The problem of a run. Differences from the time of its creation are reported on stderr."""
    asked = run.problem_of_run(folder, state)
    for line in asked.said:
        say(f"eda-agent: {line}")
    return asked.problem
