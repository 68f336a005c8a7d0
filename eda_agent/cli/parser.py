"""The parser of the command line: the program's options and its commands, each of which adds its own parser
(`eda_agent.cli.commands`).
"""

from __future__ import annotations

import argparse
from importlib import import_module

from eda_agent import __version__
from eda_agent.cli.arguments import ArgumentParser
from eda_agent.cli.commands import NAMES

EXAMPLES = """from a netlist to a sized one:
  eda-agent init amp.spice          draft spec.yaml: parameters, testbenches and specs
  eda-agent check spec.yaml         find faults before sizing
  eda-agent size spec.yaml          propose and simulate until every spec is met
  eda-agent show runs/NAME          specs in every corner, sizes, operating points
  eda-agent export runs/NAME        the sized netlist

`eda-agent COMMAND --help` describes a command; `eda-agent tui` is the terminal app.
"""


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """The whole command line, or a single command if `command` names one."""
    parser = ArgumentParser(
        prog="eda-agent",
        usage="eda-agent [OPTION …] COMMAND …",
        description="Size analog circuits until every spec is met in every corner.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", prog="eda-agent")
    for name in (command,) if command in NAMES else NAMES:
        import_module(f"eda_agent.cli.commands.{name}").register(commands)
    return parser
