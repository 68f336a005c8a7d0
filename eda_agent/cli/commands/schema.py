"""`eda-agent schema`: the JSON schema of spec.yaml, for editors and programs."""

from __future__ import annotations

import argparse

from eda_agent.cli.options import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "schema",
        help="print the JSON schema of spec.yaml",
        description=(
            "For example: eda-agent schema > spec.schema.json, and in spec.yaml the comment  # yaml-language-server:"
            " $schema=spec.schema.json"
        ),
    )
    parser.set_defaults(func=schema_command)


def schema_command(_options: argparse.Namespace) -> int:
    """Print the schema."""
    import json

    from eda_agent.cli.say import write
    from eda_agent.problem.spec_schema import spec_schema

    write(json.dumps(spec_schema(), indent=1, ensure_ascii=False) + "\n")
    return 0
