"""`eda-agent completion`: shell completion, generated from the parser."""

from __future__ import annotations

import argparse

from eda_agent.cli.options import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "completion",
        help="print shell completion",
        description=(
            "Print a shell completion script. For example: eda-agent completion bash >"
            " ~/.local/share/bash-completion/completions/eda-agent"
        ),
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell")
    parser.set_defaults(func=completion_command)


def completion_command(options: argparse.Namespace) -> int:
    """Print the completion script."""
    import shtab

    from eda_agent.cli.parser import build_parser
    from eda_agent.cli.say import write

    write(f"{shtab.complete(build_parser(), options.shell)}\n")
    return 0
