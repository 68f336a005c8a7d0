"""A benchmark of the terminal app ends the run that it started, also if it fails."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.tui import ending
from eda_agent.run.process import start

from .conftest import CIRCUITS

pytestmark = pytest.mark.slow


def test_a_failed_benchmark_leaves_no_run(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    with pytest.raises(TimeoutError), ending(folder) as run:
        process = start(CIRCUITS / "ota_5t", folder, ["--policy", "random", "--budget", "100000", "--seed", "1"])
        while not (folder / "journal.jsonl").exists():
            assert process.failure == ""
            time.sleep(0.1)
        assert run.alive
        raise TimeoutError
    assert not run.alive
