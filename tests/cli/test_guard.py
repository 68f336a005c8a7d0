"""`size --guard`: a run goes on until its targets are met with something to spare."""

from __future__ import annotations

import json
from pathlib import Path

from ..within import run


def test_a_guarded_run_keeps_its_guard(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = ("size", "circuits/ota_5t", "--policy", "random", "--guard", "5%", "--out", str(folder))
    done = run(*words, "--budget", "2")
    assert "≥ 52.5 dB, asked ≥ 50 dB" in done.stderr
    events = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert [event["opened"]["request"]["guard"] for event in events if "opened" in event] == [0.05]
    again = run("size", str(folder), "--resume", "--budget", "3")
    assert "≥ 52.5 dB, asked ≥ 50 dB" in again.stderr
    other = run("size", str(folder), "--resume", "--guard", "10%", "--budget", "4")
    assert other.returncode == 2 and "the run was started with guard 0.05, not 0.1" in other.stderr
    assert "add --guard 0.05" in other.stderr


def test_a_share_is_needed() -> None:
    done = run("size", "circuits/ota_5t", "--guard", "150%")
    assert done.returncode == 2 and "a share such as 5% or 0.05" in done.stderr
