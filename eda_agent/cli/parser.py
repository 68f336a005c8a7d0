"""The parser of the command line: the options of the program, and the commands, each of which adds its own (`eda_agent.cli.commands`)."""

from __future__ import annotations

import argparse
from importlib import import_module

from eda_agent import __version__
from eda_agent.cli.commands import NAMES


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """The whole command line, or only one of its commands where `command` is the name of one."""
    parser = argparse.ArgumentParser(prog="eda-agent", description="Size analog circuits until every spec is met in every corner.")
    parser.add_argument("--allow-code", action="store_true", help="run the Python measurements that a spec names")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--untrusted", action="store_true", help="files from elsewhere: refuse to simulate where the sandbox lacks a layer")
    trust.add_argument("--trusted", action="store_true", help="simulate files that another user owns although the sandbox lacks a layer")
    parser.add_argument("--version", action="version", version=f"eda-agent {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in (command,) if command in NAMES else NAMES:
        import_module(f"eda_agent.cli.commands.{name}").register(commands)
    return parser
