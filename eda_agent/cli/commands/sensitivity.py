"""`eda-agent sensitivity`: the slope of every spec over every parameter around a design."""

from __future__ import annotations

import argparse

from eda_agent.cli.options import Commands, add_json, add_simulator, add_sizing


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "sensitivity",
        help="show which size moves which spec",
        description="Print the slope of every spec's margin over every size.",
    )
    add_sizing(parser)
    parser.add_argument(
        "--step", type=float, default=0.02, metavar="X", help="step as a share of each range (default 0.02)"
    )
    add_json(parser)
    add_simulator(parser)
    parser.set_defaults(func=sensitivity_command)


def sensitivity_command(options: argparse.Namespace) -> int:
    """Print the slope of every spec's margin over every parameter."""
    from rich.table import Table
    from rich.text import Text

    from eda_agent import run
    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.selection import selected
    from eda_agent.insight.sensitivity import sensitivity

    problem, sizing = selected(options)
    with run.open_evaluator(
        problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        found = sensitivity(problem, evaluator, sizing, options.step)
    if options.json:
        print_json({"corner": found.corner, "step": options.step, "slopes": found.slopes})
        return 0
    screen = console(to_stdout=True)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("size")
    for spec in problem.specs:
        table.add_column(spec.name, justify="right", overflow="fold")
    for name in problem.space.names:
        cells = [found.slopes[spec.name].get(name) for spec in problem.specs]
        table.add_row(
            name,
            *(
                "—" if cell is None else Text(f"{cell:+.2f}", "bold") if abs(cell) >= 0.5 else f"{cell:+.2f}"
                for cell in cells
            ),
        )
    screen.print(table)
    screen.print(
        f"\nchange of the margin over the whole range, from a step of {options.step:g} of the range to each side, in"
        f" {found.corner}",
        markup=False,
    )
    return 0
