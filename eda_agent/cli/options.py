"""Options that several commands share: a sizing, the simulator, a policy's name."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a command adds its parser to."""


class PolicyNames(tuple[str, ...]):
    """What `--policy` may be: these names, a model in a folder (local:FOLDER), a policy of one's own (python:MODULE.CLASS)."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        kind, colon, rest = str(name).partition(":")
        return tuple.__contains__(self, name) or (bool(colon and rest) and kind in {"python", "local", "embedded"})


POLICY_NAMES = PolicyNames(("auto", "embedded", "trust", "random", "scripted", "tpe", "cma", "gp", "scbo", "local", "chat"))
"""The registry's names, written out so that the parser need not import it (a test compares them)."""


def add_sizing(parser: argparse.ArgumentParser) -> None:
    """What is simulated: a spec or a run, with sizes that differ from it."""
    parser.add_argument(
        "spec", type=Path, nargs="?", help="spec.yaml, or the folder that holds it; the folder of a run: what it asks, with its best sizes"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="values",
        help="a size that differs from the netlist's, such as W1=4u",
    )
    parser.add_argument(
        "--from", type=Path, metavar="RUN", dest="run", help="the best sizes of a run, in its corners and against its targets"
    )
    parser.add_argument("--turn", type=int, metavar="N", help="the sizes of that turn of the run (default: the best)")


def add_simulator(parser: argparse.ArgumentParser) -> None:
    """How it is simulated: workers, cluster, cache."""
    parser.add_argument("--workers", type=count, metavar="N", help="simulator processes (default: one a core)")
    add_cluster(parser)
    parser.add_argument("--no-cache", action="store_true", help="simulate everything anew")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Where it is simulated."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="simulate on a Ray cluster: HOST:PORT, auto for the one that runs here, local for one of its own (needs the extra ray)",
    )


def add_json(parser: argparse.ArgumentParser, help: str = "one JSON object on stdout") -> None:
    """Output for programs."""
    parser.add_argument("--json", action="store_true", help=help)


def count(text: str) -> int:
    """A whole number from 1 on. Raises `argparse.ArgumentTypeError`."""
    with contextlib.suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, 1 or more")
