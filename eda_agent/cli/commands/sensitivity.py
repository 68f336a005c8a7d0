"""`eda-agent sensitivity`: what 10 % more of every size does to every spec."""

from __future__ import annotations

import argparse

from eda_agent.cli.options import Commands, add_json, add_simulator, add_sizing

CELL = 16
"""Columns of the screen for a spec. What does not fit beside each other stands in several tables."""


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "sensitivity",
        help="show which size moves which spec",
        description="Print what 10 % more of every size does to every spec.",
    )
    add_sizing(parser)
    parser.add_argument(
        "--step",
        type=float,
        default=0.02,
        metavar="X",
        help="the simulated change of each size, as a share of its range (default 0.02)",
    )
    add_json(parser)
    add_simulator(parser)
    parser.set_defaults(func=sensitivity_command)


def sensitivity_command(options: argparse.Namespace) -> int:
    """Print what 10 % more of every size does to every spec."""
    from rich.table import Table
    from rich.text import Text

    from eda_agent import run
    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.selection import selected
    from eda_agent.insight.sensitivity import STRONG, sensitivity
    from eda_agent.record.labels import spec_table
    from eda_agent.spec_text import effect_text

    problem, sizing = selected(options)
    with run.open_evaluator(
        problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        found = sensitivity(problem, evaluator, sizing, options.step)
    if options.json:
        print_json(found.data(options.step))
        return 0
    screen = console(to_stdout=True)
    rows = {row["name"]: row for row in spec_table(problem)}

    def cell(spec: str, size: str) -> Text:
        text = effect_text(rows[spec], found.changes[spec].get(size), found.values[spec])
        return Text(text, "bold" if abs(found.slopes[spec].get(size) or 0.0) >= STRONG else "")

    room = max((screen.width - max(map(len, problem.space.names))) // CELL, 1)
    for first in range(0, len(rows), room):
        shown = list(rows)[first : first + room]
        table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
        table.add_column("size", no_wrap=True)
        for spec in shown:
            table.add_column(spec, justify="right", no_wrap=True)
        for name in problem.space.names:
            table.add_row(name, *(cell(spec, name) for spec in shown))
        screen.print(table)
        screen.print()
    screen.print(
        f"change of each spec in {found.corner} if a size grows by 10 %; from a step of {options.step:g} of its range"
        " to each side; bold where a tenth of the range moves the margin by 0.05",
        markup=False,
    )
    return 0
