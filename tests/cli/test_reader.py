"""A run ends with the front that reads its events, also while it waits for a decision."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from tests.conftest import CIRCUITS


@pytest.mark.parametrize(
    ("order", "last"), [({"do": "review", "on": True}, "turn.proposed"), ({"do": "pause"}, "run.paused")]
)
def test_a_run_that_waits_ends_with_its_reader(order: dict[str, object], last: str, tmp_path: Path) -> None:
    """Its journal says that it was stopped."""
    program = [
        sys.executable,
        "-m",
        "eda_agent",
        "size",
        str(CIRCUITS / "two_stage_miller"),
        "--out",
        str(tmp_path / "run"),
    ]
    # stdin of its own stays open: the reader alone ends
    with subprocess.Popen(
        [*program, "--events", "--policy", "random"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            # the last event before the wait
            events = map(json.loads, process.stdout)
            assert any(event["type"] == last and event.get("index", 1) > 0 for event in events), "the run does not wait"
            time.sleep(0.3)
            process.stdout.close()
            assert process.wait(timeout=30) == 1
        finally:
            # a run that does not end would be waited for
            process.kill()
    assert fold(read_journal(tmp_path / "run" / "journal.jsonl")).finished["stop"] == "user"
