"""The inner loop: `pytest --quick` (make quick) runs the unit tests, which start no process.

Each law is tried on a few examples. A test is left out if it is marked `slow` (seconds of its own) or `evidence`,
lies in a folder of `ELSEWHERE` or uses a fixture that starts simulators (`SIMULATING`). If another test starts a
process, ngspice or not, the interpreter's audit events stop it there and it counts as skipped: nobody keeps a list.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

SIMULATING = frozenset({"pool", "display", "hands", "recorded"})
"""Fixtures that start simulators, or an application that does."""
ELSEWHERE = frozenset({"chaos", "hostile", "klayout", "language", "measurements", "supply", "train", "tui"})
"""Folders of tests that are about processes, applications, trained models or training."""
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"})
"""Audit events of a process that starts (docs.python.org/3/library/audit_events.html)."""
REASON = "starts a process: not in the inner loop"


class Started(pytest.skip.Exception):
    """Raised where a test of the inner loop starts a process; a `BaseException`, so that no code of ours catches it.

    As a skip it needs no traceback, whose making costs a second a test.
    """


class Quick:
    """The plugin of `--quick`."""

    def __init__(self) -> None:
        self.running = False
        self.started = False
        self.folders: set[Path] = set()
        # a hook cannot be taken away again: it looks whether a test runs
        sys.addaudithook(self._audit)
        hypothesis.settings.register_profile("quick", max_examples=10, deadline=None)
        hypothesis.settings.load_profile("quick")

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.running and (event in STARTS or (event == "ctypes.dlopen" and "ngspice" in str(arguments[0]))):
            self.started = True
            raise Started(REASON)

    def pytest_ignore_collect(self, collection_path: Any, config: pytest.Config) -> bool | None:
        return (
            True
            if collection_path.is_dir() and collection_path.name in ELSEWHERE and "tests" in collection_path.parts
            else None
        )

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        left_out = [
            item
            for item in items
            if item.get_closest_marker("slow")
            or item.get_closest_marker("evidence")
            or SIMULATING & set(getattr(item, "fixturenames", ()))
        ]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in set(left_out)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, None, None]:
        self.running, self.started = True, False
        try:
            return (yield)
        finally:
            self.running = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report = yield
        # a fixture of the module or the folder tried it in the first test, and fails for the others
        if self.started and call.when == "setup":
            self.folders.add(item.path.parent)
        if report.failed and (self.started or (call.when == "setup" and item.path.parent in self.folders)):
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, REASON)
        return report
