"""`eda-agent sim`: simulate one sizing in every testbench and corner."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands, add_json, add_simulator, add_sizing

if TYPE_CHECKING:
    from eda_agent.problem.spec import Problem


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "sim", help="simulate one sizing", description="Print measurements, corners and operating points of one sizing."
    )
    add_sizing(parser)
    parser.add_argument(
        "--corners",
        choices=("nominal", "signoff", "signoff_rc"),
        help="a corner set of the PDK instead of the spec's corners",
    )
    parser.add_argument("--corner", metavar="NAME", help="simulate this corner alone, with its operating points")
    parser.add_argument(
        "--waves", type=Path, metavar="FILE", help="write the waveforms of every testbench and corner as JSON"
    )
    parser.add_argument(
        "--netlist",
        type=Path,
        metavar="FILE",
        help="also simulate the netlist extracted from a layout: specs before and after, and what each wire costs",
    )
    parser.add_argument("--cell", metavar="NAME", help="the cell of --netlist (default: the circuit's)")
    parser.add_argument(
        "--no-wires", action="store_true", help="leave out the wire capacitances of the run (size --post-layout)"
    )
    parser.add_argument(
        "--batch",
        type=Path,
        metavar="FILE",
        help='simulate many sizings: one JSON object a line, such as {"W1": "4u"}; omitted sizes stay (- for stdin)',
    )
    add_json(parser)
    add_simulator(parser)
    parser.set_defaults(func=sim_command)


def sim_command(options: argparse.Namespace) -> int:
    """Simulate. Return 0 if every spec is met in sound testbenches, 1 if not."""
    from eda_agent import run
    from eda_agent.cli.idle import refuse_idle
    from eda_agent.cli.nearest import nearest
    from eda_agent.cli.render import console, operating_table, print_json, sizing_table
    from eda_agent.cli.selection import selected
    from eda_agent.cli.spec_table import spec_table
    from eda_agent.errors import InputError
    from eda_agent.record import labels
    from eda_agent.run.measure import measure, measured_result
    from eda_agent.units import format_score

    layout = "with --netlist" if options.netlist is not None else ""
    refuse_idle(
        (
            ("--cell", options.cell, "" if layout else "without --netlist", "add --netlist FILE, or leave it out"),
            ("--batch", options.batch, layout, "simulate the sizings without --netlist, or one sizing with it"),
            ("--waves", options.waves, layout, "write the waveforms without --netlist"),
            ("--waves", options.waves, "with --batch" if options.batch else "", "simulate one sizing with --waves"),
        )
    )
    problem, sizing = selected(options)
    problem = run.with_corners(problem, options.corners)
    if options.corner is not None:
        names = [corner.name for corner in problem.corners]
        if options.corner not in names:
            raise InputError(f"--corner {options.corner}: no such corner\n    → {nearest(options.corner, names)}")
        problem = run.in_one_corner(problem, options.corner)
    if options.no_wires:
        problem = replace(problem, wires=None)
    if options.netlist is not None:
        from eda_agent.cli.post_layout import simulate_netlist

        return simulate_netlist(options, problem, sizing)
    if options.batch is not None:
        from eda_agent.cli.batch import simulate_batch

        return simulate_batch(options, problem, sizing)
    with run.open_evaluator(
        problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        found = measure(problem, evaluator, [sizing])[0]
        if options.waves is not None:
            _write_waves(options.waves, evaluator.waveforms(sizing), problem)
    told = measured_result(problem, found)
    if options.json:
        print_json(told)
        return 0 if found.met else 1
    screen = console(to_stdout=True)
    if problem.wires is not None:
        screen.print(f"{run.wires_text(problem.wires)} (--no-wires leaves them out)", markup=False, soft_wrap=True)
    for note in problem.notes:
        screen.print(f"! {note}", markup=False, soft_wrap=True)
    screen.print(
        spec_table(
            labels.spec_table(problem), told["specs"], [corner.name for corner in problem.corners], told, screen.width
        )
    )
    screen.print()
    screen.print(sizing_table(labels.parameter_table(problem), sizing, width=screen.width))
    if told["operating_points"]:
        screen.print(f"\noperating points in {problem.corners[0].name}")
        screen.print(operating_table(told["operating_points"], screen.width))
    for testbench, corner, failure in found.evaluation.failures:
        screen.print(f"{testbench} in {corner} failed: {failure}", markup=False)
    for remark in found.unsound:
        screen.print(f"! {remark}", markup=False, soft_wrap=True)
    doubtful = ", but a testbench does not test" if found.unsound else ""
    words = "every spec met" if found.score.met else "not every spec met"
    screen.print(f"\nscore {format_score(found.score.value)}, {words}{doubtful}")
    return 0 if found.met else 1


def _write_waves(path: Path, replies: Mapping[tuple[str, str], Mapping[str, Any]], problem: Problem) -> None:
    """Write every testbench's waveforms as a list of {testbench, corner, specs: those measured in it, analyses: kind
    → {axis, probes}, shown: plot labels (`insight.plot_labels`)}, complex probes as [real, imaginary].
    """
    import json

    from eda_agent.errors import InputError
    from eda_agent.files import write_text
    from eda_agent.insight.plot_labels import plot_labels
    from eda_agent.record.events import plain

    rows = [
        {
            "testbench": testbench,
            "corner": corner,
            "specs": [spec.name for spec in problem.specs if spec.testbench == testbench],
            "analyses": reply["waveforms"],
            "shown": plot_labels(problem, testbench),
        }
        for (testbench, corner), reply in replies.items()
        if "waveforms" in reply
    ]
    try:
        write_text(path, json.dumps(plain(rows)) + "\n")
    except OSError as error:
        raise InputError(f"--waves {path}: {error.strerror}") from None
