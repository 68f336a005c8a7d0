"""A purpose is what a circuit is for: a spec says it by its testbenches and specs, and a draft of unknown kind has
neither.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.problem.located_node import LocatedNode


def check_purpose(top: LocatedNode, fields: Mapping[str, LocatedNode]) -> None:
    """Report a spec without testbenches and specs once, with what to do.

    Raises:
        InputError: it has neither; with every other fault found so far.
    """
    parts = [fields[key] for key in ("testbenches", "specs") if key in fields]
    if len(parts) == 2 and not any(part.value for part in parts):
        parts[0].wrong(
            "testbenches and specs are empty: nothing says what the circuit is for",
            "draft it again with `eda-agent init NETLIST --kind KIND --force` (a wrong KIND lists them all), or write"
            " both: docs/spec.md",
        )
        top.report.raise_if_any()
