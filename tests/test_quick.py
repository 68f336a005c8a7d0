"""The inner loop starts no simulator, whatever a test does."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT
from tests.quick import REASON


def test_a_test_that_starts_a_process_is_stopped_and_one_that_does_not_runs() -> None:
    tests = ["tests/simulation/test_executor.py::test_workers_end_with_their_parent", "tests/simulation/test_tail.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quick", "-q", "-rs", "-p", "no:cacheprovider", *tests],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert REASON in done.stdout and "1 skipped" in done.stdout and " passed" in done.stdout
