"""The processes of a bench: they end with it however it ends, what is lost is said, and two benches do not write to one
record.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eda_agent import bench
from eda_agent.errors import InputError, StorageError
from eda_agent.record.locked_jsonl import LockedJsonlFile

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]


def group(leader: int) -> dict[int, bytes]:
    """Process id → command line of who lives in the process group of `leader`."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, number = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(number) == leader and state != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_bytes()
        except OSError:
            continue
    return found


def until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A bench with two jobs under way that take minutes, leader of a process group."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "eda_agent",
            "bench",
            "ota_5t",
            "--policy",
            "random",
            "--budget",
            "30000",
            "--seeds",
            "1",
            "--targets",
            "5",
            "--workers",
            "2",
            "--out",
            str(tmp_path / "bench"),
        ],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert until(lambda: sum(b"simulation.worker" in line for line in group(process.pid).values()) == 2, 60)
        yield process
    finally:
        for each in group(process.pid):
            os.kill(each, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_does_not_wait_for_the_runs(running: subprocess.Popen[str], number: int) -> None:
    # to the leader alone, as `kill` does; a terminal sends Ctrl-C to all of them
    running.send_signal(number)
    assert running.wait(30) == 130
    assert until(lambda: not group(running.pid), 10)
    assert running.stderr is not None
    assert running.stderr.read().splitlines() == ["eda-agent: interrupted"]


def test_ctrl_c_in_a_terminal_is_one_line(running: subprocess.Popen[str]) -> None:
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(30) == 130
    assert running.stderr is not None
    assert running.stderr.read().splitlines() == ["eda-agent: interrupted"]


def test_a_bench_that_is_killed_leaves_no_process(running: subprocess.Popen[str]) -> None:
    running.kill()
    running.wait()
    assert until(lambda: not group(running.pid), 10)


def test_a_killed_job_is_said(running: subprocess.Popen[str]) -> None:
    os.kill(next(each for each, line in group(running.pid).items() if b"spawn_main" in line), signal.SIGKILL)
    assert running.wait(30) == 3
    assert running.stderr is not None
    text = running.stderr.read()
    assert "was killed from outside" in text
    assert "Traceback" not in text
    assert until(lambda: not group(running.pid), 10)


def test_two_benches_do_not_write_to_one_record(tmp_path: Path) -> None:
    jobs = bench.jobs_of(bench.read_suite("ota_5t"), ["random"], 1, 2, 1)
    results = tmp_path / "results.jsonl"
    with LockedJsonlFile(results, "record of results"), pytest.raises(InputError, match="another process"):
        bench.run_bench(jobs, results, 1, lambda *_: None)
    rows = bench.run_bench(jobs, results, 1, lambda *_: None)
    # one that has nothing to do only reads
    with LockedJsonlFile(results, "record of results"):
        assert bench.run_bench(jobs, results, 1, lambda *_: None) == rows


def test_a_full_disk_is_said_and_what_came_before_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half of a module would be kept
    jobs = bench.jobs_of(bench.read_suite("ota_5t"), ["random"], 3, 2, 1)
    results = tmp_path / "results.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(done: int, of: int, row: dict[str, Any] | None) -> None:
        # the next line begins to be written and does not get through; the processes that run the jobs have their limits
        # already
        if row is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (results.stat().st_size + 20, hard))

    try:
        with pytest.raises(StorageError, match="the results cannot be written"):
            bench.run_bench(jobs, results, 1, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert len(results.read_bytes().splitlines()) == 2
    first = json.loads(results.read_bytes().splitlines()[0])
    rows = bench.run_bench(jobs, results, 1, lambda *_: None)
    assert first in rows
    assert sorted(json.loads(line)["key"] for line in results.read_text().splitlines()) == sorted(
        job.key for job in jobs
    )
