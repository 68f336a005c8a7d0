"""`eda-agent front`: the trade-off between two specs among the turns of a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from eda_agent.cli.options import Commands, add_json


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "front",
        help="show the trade-off of two specs",
        description="List the turns of a run that no other turn beats in both specs (the Pareto front).",
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("one", metavar="SPEC", help="the first spec, such as power")
    parser.add_argument("other", metavar="SPEC", help="the second spec, such as gbw")
    add_json(parser)
    parser.set_defaults(func=front_command)


def front_command(options: argparse.Namespace) -> int:
    """Print the trade-off between two specs among the turns of a run."""
    from rich.table import Table

    from eda_agent.cli.nearest import nearest
    from eda_agent.cli.render import console, print_json
    from eda_agent.errors import Finding, InputError
    from eda_agent.insight.front import front
    from eda_agent.record.run_state import load_state
    from eda_agent.units import format_quantity, format_score, shown_unit

    state = load_state(options.run)
    specs = {spec["name"]: spec for spec in state.started["specs"]}
    for name in (options.one, options.other):
        if name not in specs:
            raise InputError(Finding(f"the run has no spec {name!r}", options.run, fix=nearest(name, specs)))
    turns = front(state.turns, options.one, options.other, state.corners)
    rows = [
        {
            "turn": turn["index"],
            "score": turn["score"],
            **{name: turn["specs"][name]["value"] for name in (options.one, options.other)},
            "bounds": {name: turn["specs"][name].get("bound", "") for name in (options.one, options.other)},
        }
        for turn in turns
    ]
    if options.json:
        print_json({"front": rows})
        return 0
    screen = console(to_stdout=True)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in ("turn", options.one, options.other, "score"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            str(row["turn"]),
            *(
                format_quantity(row[name], shown_unit(specs[name]), 3, row["bounds"][name])
                for name in (options.one, options.other)
            ),
            f"{format_score(row['score'])}",
        )
    screen.print(table)
    return 0
