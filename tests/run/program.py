"""The program as a process of its own, and what its journal says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal

from ..conftest import ROOT


def eda(*words: str | Path, cwd: Path = ROOT, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eda_agent", *map(str, words)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT), **extra}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def killed(folder: Path, turns: int, *words: str | Path, **extra: str) -> None:
    """Start a run and kill it once it has played so many turns."""
    command = [sys.executable, "-m", "eda_agent", "size", *map(str, words), "--out", str(folder), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **extra}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal, until = folder / "journal.jsonl", time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b'"turn.evaluated"') >= turns:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait()


def state(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl"))


def played(folder: Path) -> list[tuple[Any, float, str]]:
    return [(turn["sizing"], turn["score"], turn["proposal"]["policy"]) for turn in state(folder).turns]


def swap(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the journal's last run.started says of the request."""
    events = list(read_journal(run / "journal.jsonl"))
    change([event for event in events if event["type"] == "run.started"][-1]["opened"])
    (run / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def old(run: Path) -> None:
    """Take from a journal what version 0.1.0 did not write."""
    events = list(read_journal(run / "journal.jsonl"))
    for event in events:
        for name in ("opened", "corner_table"):
            event.pop(name, None)
        for spec in event.get("specs", ()) if event["type"] == "run.started" else ():
            for name in ("shown", "asked", "corners", "worst"):
                spec.pop(name, None)
    (run / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
