"""Interrupts come at any step: also while a lock is taken that the journal's thread waits for."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent import interrupts
from eda_agent.interrupts import DeferInterrupts, interrupt

STORM = """
import random, signal, sys
from pathlib import Path
from eda_agent.interrupts import obey
from eda_agent.record.events import Stream
from eda_agent.record.journal import Journal

random.seed(1)
obey(signal.SIGALRM)
for round in range(600):
    journal = Journal(Path(sys.argv[1]))
    stream = Stream(journal.append)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-5 + 1e-3 * random.random())
        while True:
            stream.emit("hello"), stream.emit("baseline")
    except KeyboardInterrupt:
        journal.close()
print("through")
"""


def test_no_interrupt_leaves_the_journal_waiting_for_itself(tmp_path: Path) -> None:
    """Without a stretch that is whole, one of a few hundred interrupts was the last."""
    done = subprocess.run(
        [sys.executable, "-c", STORM, str(tmp_path / "journal.jsonl")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "through\n", done.stderr


def test_it_waits_for_the_end_of_what_is_whole_and_comes_once() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), DeferInterrupts():
        with DeferInterrupts():
            interrupt()
        done.append("inner and outer")
    assert done == ["inner and outer"]
    with DeferInterrupts():
        pass


def test_the_second_is_not_put_off() -> None:
    with pytest.raises(KeyboardInterrupt), DeferInterrupts():
        interrupt()
        interrupt()
    with DeferInterrupts():
        pass


def test_a_failure_meanwhile_is_what_is_told() -> None:
    with pytest.raises(OSError, match="disk"), DeferInterrupts():
        interrupt()
        raise OSError("disk")
    assert not interrupts._state.came


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        interrupts.obey(signal.SIGALRM)
        assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGALRM, before)
