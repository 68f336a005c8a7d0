"""`eda-agent completion`: shell completion, generated from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

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
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh", "powershell"), help="the shell")
    parser.set_defaults(func=completion_command)


def completion_command(options: argparse.Namespace) -> int:
    """Print the completion script."""
    import shtab

    from eda_agent.cli.parser import build_parser
    from eda_agent.cli.say import write

    parser = build_parser()
    for action in _actions(parser):
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab reads it
    write(f"{shtab.complete(parser, options.shell)}\n")
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action.choices, dict):
            for other in action.choices.values():
                yield from _actions(other)
