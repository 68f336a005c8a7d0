"""`eda-agent schema`: the JSON schemas of spec.yaml, of events and of what commands print under --json."""

from __future__ import annotations

import argparse

from eda_agent.cli.options import Commands

NAMES = ("spec", "events", "result", "simulation", "batch", "sensitivity", "monte_carlo", "error", "command")


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "schema",
        help="print a JSON schema: of spec.yaml, events or results",
        description=(
            "Print a JSON schema. For completion of spec.yaml in an editor: eda-agent schema > spec.schema.json, and in"
            " spec.yaml the comment # yaml-language-server: $schema=spec.schema.json"
        ),
    )
    parser.add_argument(
        "name",
        nargs="?",
        choices=NAMES,
        default="spec",
        metavar="NAME",
        help=(
            "spec (default), events (a line of a journal or of --events), result (size and show), simulation (sim),"
            " batch (sim --batch), sensitivity, monte_carlo (mc), error, command (to a run)"
        ),
    )
    parser.set_defaults(func=schema_command)


def schema_command(options: argparse.Namespace) -> int:
    """Print the schema."""
    import json

    from eda_agent.cli.say import write
    from eda_agent.record.schemas import schema

    write(json.dumps(schema(options.name), indent=1, ensure_ascii=False) + "\n")
    return 0
