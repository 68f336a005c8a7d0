"""Evidence: cases of a kind that other cases guard already (all shipped circuits, corners, sizes; repeated kills).

`make test` leaves them out by their marker. `make evidence` runs them and writes the result of a run that passes to
benchmarks/results/test_evidence.json.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest


def cases(values: Iterable[Any], *guards: Any) -> list[Any]:
    """The values of a parametrised test: those named in `guards` run in `make test`, the others are evidence.

    Args:
        values: Texts and numbers, objects with a `name`, or tuples that begin with one of these.
        guards: The names of those that stay.

    Raises:
        ValueError: A guard is not among the values.
    """
    named = [(_name(value), value) for value in values]
    if unknown := set(guards) - {name for name, _ in named}:
        raise ValueError(f"no case is called {', '.join(sorted(map(str, unknown)))}")
    marked = []
    for name, value in named:
        parts = value if isinstance(value, tuple) else (value,)
        marked.append(value if name in guards else pytest.param(*parts, marks=pytest.mark.evidence))
    return marked


def _name(value: Any) -> Any:
    first = value[0] if isinstance(value, tuple) else value
    return getattr(first, "name", first)


class Record:
    """The plugin of `--evidence FILE`: writes what a run of all cases found, if every one passed or was skipped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start = time.time()

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        if exitstatus != 0:
            return
        skipped = terminalreporter.stats.get("skipped", [])
        found = {
            "made by": "make evidence",
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "minutes": round((time.time() - self.start) / 60, 1),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "passed": len(terminalreporter.stats.get("passed", [])),
            "skipped": {report.nodeid: str(report.longrepr[2]) for report in skipped},
        }
        self.path.write_text(json.dumps(found, indent=1) + "\n")
