"""A run whose KLayout is killed ends, also while its proposal waits for the user, and the next KLayout resumes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import CIRCUITS
from tests.klayout import test_window
from tests.klayout.hands import Hands
from tests.klayout.test_application import display, home
from tests.klayout.test_window import ENDLESS, choose, dock, proposal, quick, started

__all__ = ["display", "home"]
pytestmark = test_window.pytestmark


def test_a_killed_window_and_a_run_that_goes_on_elsewhere(display: str, home: Path, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    spec.write_text(spec.read_text().replace(*ENDLESS))
    first = Hands(display, home, tmp_path)
    try:
        choose(first, quick(tmp_path))
        started(first, spec)
        first.click("review")
        proposal(first)
        run = Path(dock(first, "runner.run.folder"))
        # KLayout alone: nothing else tells the run
        first.process.kill()
        first.process.wait()
    finally:
        first.log.close()
    hands = Hands(display, home, tmp_path)
    try:
        hands.find("1 interrupted run: resume in its dock continues it", exact=False)
        hands.click("resume")
        hands.find("waiting for your decision", "QLabel", exact=False)
        hands.click("stop")
        hands.find("resume", "QPushButton", on=True)
        # by a terminal: it waits for the decision that the journal keeps
        other = subprocess.Popen(
            [sys.executable, "-m", "eda_agent", "size", str(run), "--resume", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            begun = (run / "journal.jsonl").stat().st_size
            hands.until(lambda: (run / "journal.jsonl").stat().st_size > begun, "the run to go on")
            # the dock follows it without a click, and steers it
            hands.find(f"by process {other.pid}, not by this window", "QLabel", exact=False)
            assert hands.find("stop", "QPushButton")["on"] and not dock(hands, "runner.alive")
            turn = proposal(hands)
            hands.click("accept")
            proposal(hands, turn)
            hands.click("resume")
            words = hands.find("still running", exact=False)["text"]
            assert f"(process {other.pid})" in words and "--out" not in words
            hands.click("Leave it")
            hands.gone("Leave it")
            assert other.poll() is None
            hands.click("resume")
            hands.click("End it and resume")
            hands.until(lambda: other.poll() is not None, "the other process to end")
            hands.until(lambda: dock(hands, "runner.alive"), "a process of this window")
            hands.find("waiting for your decision", "QLabel", exact=False)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other.pid, signal.SIGKILL)
            other.wait()
    finally:
        hands.close()
