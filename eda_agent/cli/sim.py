"""`eda-agent sim`: one sizing through every testbench and corner."""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent import run
from eda_agent.agent.score import score
from eda_agent.cli.render import console, operating_table, print_json, sizing_table, spec_table
from eda_agent.errors import InputError
from eda_agent.files import read_file, write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record import about
from eda_agent.record.events import evaluation_data, plain, result_data
from eda_agent.units import QuantityError, format_score, parse_quantity


def sim_command(options: argparse.Namespace) -> int:
    """Simulate; 0 when every spec is met, 1 when not."""
    problem = run.with_corners(load_problem(options.spec), options.corners)
    sizing = problem.space.snap(chosen_sizing(problem, options))
    with run.open_evaluator(problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache) as evaluator:
        evaluation = evaluator.evaluate([sizing])[0]
        if options.waves is not None:
            _write_waves(options.waves, evaluator.waveforms(sizing))
    graded = score(problem.specs, evaluation)
    results = {result.spec: result_data(result) for result in graded.results}
    told = evaluation_data(evaluation)
    points = {name: {**point.data(), "region": point.region} for name, point in evaluation.operating_points.items()}
    if options.json:
        print_json(
            {
                "score": graded.value,
                "met": graded.met,
                "sizing": sizing,
                "specs": results,
                **told,
                "operating_points": plain(points),
            }
        )
        return 0 if graded.met else 1
    screen = console(to_stdout=True)
    for note in problem.notes:
        screen.print(f"! {note}", markup=False, soft_wrap=True)
    screen.print(spec_table(about.spec_table(problem), results, [corner.name for corner in problem.corners], told))
    screen.print()
    screen.print(sizing_table(about.parameter_table(problem), sizing))
    if points:
        screen.print(f"\noperating points in {problem.corners[0].name}")
        screen.print(operating_table(points))
    for testbench, corner, failure in evaluation.failures:
        screen.print(f"{testbench} in {corner} failed: {failure}", markup=False)
    screen.print(f"\nscore {format_score(graded.value)}, {'every spec met' if graded.met else 'not every spec met'}")
    return 0 if graded.met else 1


def _write_waves(path: Path, replies: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
    """Every testbench's waveforms: [{testbench, corner, analyses: kind → {axis, probes}}], complex probes as [real, imaginary]."""
    rows = [
        {"testbench": testbench, "corner": corner, "analyses": reply["waveforms"]}
        for (testbench, corner), reply in replies.items() if "waveforms" in reply
    ]  # fmt: skip
    try:
        write_text(path, json.dumps(plain(rows)) + "\n")
    except OSError as error:
        raise InputError(f"--waves {path}: {error.strerror}") from None


def chosen_sizing(problem: Problem, options: argparse.Namespace) -> dict[str, Any]:
    """The sizing that --from and --set name; the netlist's own without them. Raises `InputError`."""
    sizing = problem.space.initial
    if options.run is not None:
        try:
            best = json.loads(read_file(options.run / "best.json", 10_000_000))["sizing"]
            sizing.update({name: float(best[name]) for name in problem.space.names})
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                f"{options.run}: there is no best.json with sizes for this spec\n    → name the folder of a run of the same spec"
            ) from None
    units = {parameter.name: parameter for parameter in problem.space.parameters}
    for text in options.values:
        name, equals, value = text.partition("=")
        if not equals or name not in units:
            near = difflib.get_close_matches(name, units, 1)
            raise InputError(
                f"--set {text}: {'no parameter ' + repr(name) if equals else 'write NAME=VALUE'}\n    → {'did you mean ' + near[0] + '?' if near else 'one of ' + ', '.join(units)}"
            )
        try:
            number = parse_quantity(value, units[name].unit)
        except QuantityError as error:
            raise InputError(f"--set {text}: {error}") from None
        if not units[name].minimum <= number <= units[name].maximum:
            raise InputError(f"--set {text}: outside the range of {name}\n    → widen min and max in {problem.path}")
        sizing[name] = number
    return sizing
