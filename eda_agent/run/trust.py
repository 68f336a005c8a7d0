"""The trust check refuses to simulate files from elsewhere if the sandbox is incomplete.

Netlists are validated before a simulator reads them; the sandbox is the second line of defence. If this machine lacks a
layer of it, a run on the user's own files continues with a warning, and a run on files of others is refused.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from eda_agent.errors import MissingError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.sandbox import gaps

UNTRUSTED = "EDA_AGENT_UNTRUSTED"
"""Environment variable. 1: files are from elsewhere; 0: they are trusted, independent of their owner."""


def warning(sandbox: Collection[str]) -> str:
    """The warning about an incomplete sandbox; "" if it is complete."""
    left_open = gaps(sandbox)
    if not left_open:
        return ""
    held = f"only partly confined ({', '.join(sandbox)})" if sandbox else "not confined"
    return f"simulators are {held}: a compromised one could {', '.join(left_open)} (eda-agent doctor)"


def check_trust(problem: Problem, sandbox: Collection[str]) -> None:
    """Raise `MissingError` if files from elsewhere would be simulated in an incomplete sandbox."""
    said = os.environ.get(UNTRUSTED)
    if said == "0" or not gaps(sandbox):
        return
    foreign = _of_others(problem)
    if said == "1" or foreign:
        whose = "files from elsewhere" if said == "1" else f"{foreign[0]}, which belongs to another user,"
        raise MissingError(
            f"{whose} would be simulated, and {warning(sandbox)}\n    → use a machine with every layer, or --trusted"
            " once you have read the files"
        )


def _of_others(problem: Problem) -> list[Path]:
    """The files of a problem that another user owns."""
    if not hasattr(os, "getuid"):
        return []
    files = dict.fromkeys([problem.path, *(line.file for line in problem.netlist.lines)])
    return [file for file in files if file.is_file() and file.stat().st_uid != os.getuid()]
