"""Trust is what a run may assume of its files: with files from elsewhere, simulators must be confined whole.

Netlists are read strictly before a simulator sees them; the sandbox is the second line, for what nobody thought of. Where this machine lacks a layer
of it, a run on the user's own files goes on and says so, and one on files of others is refused.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from eda_agent.errors import MissingError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.sandbox import gaps

UNTRUSTED = "EDA_AGENT_UNTRUSTED"
"""Environment variable; 1: files are from elsewhere, 0: they are the user's own, whoever owns them."""


def warning(sandbox: Collection[str]) -> str:
    """What to say of simulators that are not confined whole; "" where they are."""
    left_open = gaps(sandbox)
    if not left_open:
        return ""
    held = f"confined in part ({', '.join(sandbox)})" if sandbox else "not confined"
    return f"simulators are {held}: one that a netlist took over could {', '.join(left_open)} (eda-agent doctor)"


def check_trust(problem: Problem, sandbox: Collection[str]) -> None:
    """Raises `MissingError` where files from elsewhere would meet simulators that are not confined whole."""
    said = os.environ.get(UNTRUSTED)
    if said == "0" or not gaps(sandbox):
        return
    foreign = _of_others(problem)
    if said == "1" or foreign:
        whose = "files from elsewhere" if said == "1" else f"{foreign[0]}, which belongs to somebody else,"
        raise MissingError(
            f"{whose} would be simulated, and {warning(sandbox)}\n    → use a machine where every layer holds, or --trusted once you have read the files"
        )


def _of_others(problem: Problem) -> list[Path]:
    """The files of a problem that another user owns."""
    if not hasattr(os, "getuid"):
        return []
    files = dict.fromkeys([problem.path, *(line.file for line in problem.netlist.lines)])
    return [file for file in files if file.is_file() and file.stat().st_uid != os.getuid()]
