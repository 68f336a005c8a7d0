"""The parser of the command line: the program's options and its commands, each of which adds its own parser
(`eda_agent.cli.commands`).
"""

from __future__ import annotations

import argparse
from importlib import import_module

from eda_agent import __version__
from eda_agent.cli.commands import NAMES


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """The whole command line, or a single command if `command` names one."""
    parser = argparse.ArgumentParser(
        prog="eda-agent", description="Size analog circuits until every spec is met in every corner."
    )
    parser.add_argument("--allow-code", action="store_true", help="run the Python measurement files that a spec names")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument(
        "--untrusted",
        action="store_true",
        help="treat files as untrusted: do not simulate if a layer of the sandbox is missing",
    )
    trust.add_argument(
        "--trusted",
        action="store_true",
        help="simulate files of another user even if a layer of the sandbox is missing",
    )
    parser.add_argument("--version", action="version", version=f"eda-agent {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in (command,) if command in NAMES else NAMES:
        import_module(f"eda_agent.cli.commands.{name}").register(commands)
    return parser
