"""Options that several commands share: sizing, simulator, policy names."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import Any, TypeAlias

from eda_agent.agent.policies.registry import FOLDERS, OPTIONS, POLICIES, users_of

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The object that a command adds its parser to."""
ArgumentGroup: TypeAlias = "argparse._ArgumentGroup"
Arguments: TypeAlias = "argparse._ActionsContainer"
"""A parser or one of its groups."""


class PolicyNames(tuple[str, ...]):
    """The valid values of `--policy`: these names, a model in a folder (local:FOLDER), or a policy of your own
    (python:MODULE.CLASS).
    """

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        kind, colon, rest = str(name).partition(":")
        return tuple.__contains__(self, name) or (bool(colon and rest) and kind in {"python", *FOLDERS})


POLICY_NAMES = PolicyNames(POLICIES)


def add_policy_options(parser: Arguments) -> None:
    """The options of all policies, as their registry says; in the namespace they are `policy_NAME`."""
    for option in OPTIONS.values():
        kind: dict[str, Any] = (
            {"metavar": option.metavar, "type": option.type}
            if option.metavar
            else {"action": "store_const", "const": False}
        )
        parser.add_argument(
            f"--{option.flag}",
            dest=f"policy_{option.name}",
            help=f"{', '.join(users_of(option))}: {option.help}",
            **kind,
        )


def policy_options(options: argparse.Namespace) -> dict[str, Any]:
    """Those that were given, by name."""
    given = {name: getattr(options, f"policy_{name}") for name in OPTIONS}
    return {name: value for name, value in given.items() if value is not None}


def add_sizing(parser: Arguments) -> None:
    """Add the options that choose a sizing: a spec or a run, with changed sizes."""
    parser.add_argument(
        "spec",
        type=Path,
        nargs="?",
        help="spec.yaml, its folder, or a shipped circuit; or the folder of a run, for its targets and best sizes",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="values",
        help="change a size, such as W1=4u",
    )
    parser.add_argument(
        "--from", type=Path, metavar="RUN", dest="run", help="use the best sizes, corners and targets of a run"
    )
    parser.add_argument(
        "--turn", type=int, metavar="N", help="use the sizes of this turn of the run (default: the best)"
    )


def add_simulator(parser: Arguments) -> None:
    """Add the options of the simulator: workers, cluster, cache."""
    parser.add_argument(
        "--workers", type=count, metavar="N", help="number of simulator processes (default: one per core)"
    )
    add_cluster(parser)
    parser.add_argument("--no-cache", action="store_true", help="do not use the cache")


def add_cluster(parser: Arguments) -> None:
    """Add the option that selects a cluster."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="simulate on a Ray cluster: HOST:PORT, auto for the running one, local to start one (needs the extra ray)",
    )


def add_json(parser: Arguments, help: str = "print one JSON object on stdout") -> None:
    """Add the option for output as JSON."""
    parser.add_argument("--json", action="store_true", help=help)


def seed(text: str) -> int:
    """A seed. Raises `argparse.ArgumentTypeError`."""
    with contextlib.suppress(ValueError):
        if 0 <= (value := int(text)) < 2**32:
            return value
    raise argparse.ArgumentTypeError(f"{text[:40]!r}: must be a whole number, 0 to {2**32 - 1}")


def count(text: str) -> int:
    """A whole number of at least 1. Raises `argparse.ArgumentTypeError`."""
    with contextlib.suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, 1 or more")
