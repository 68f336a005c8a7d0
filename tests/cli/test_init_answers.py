"""`init` asks on a terminal what it would guess, takes options instead, and always leaves a spec."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ..problem.test_what_designers_bring import OTA
from ..within import run


def on_a_terminal(folder: Path, *arguments: str, replies: str) -> tuple[int, str]:
    """(exit status, everything on the screen) of init with a pseudo-terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "eda_agent", "init", "c.spice", "--no-sim", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, replies.encode())
    screen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        screen += part
    os.close(ours)
    return process.wait(timeout=60), screen.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "c.spice").write_text(OTA)
    return tmp_path


def test_a_terminal_is_asked_and_an_empty_line_takes_the_guess(folder: Path) -> None:
    status, screen = on_a_terminal(folder, replies="1.6\n\nnonsense\n0.7\n20u\n")
    text = (folder / "spec.yaml").read_text()
    assert status == 0, screen
    assert "supply [1.8 V]: " in screen and "'nonsense' is no number in V" in screen
    assert "vdd: 1.6" in text and "load: 1p" in text and "vcm: 700m" in text and "ib: {current: 20u}" in text


def test_with_yes_or_every_answer_given_nothing_is_asked(folder: Path) -> None:
    status, screen = on_a_terminal(folder, "--yes", replies="")
    assert status == 0 and "]: " not in screen and "guessed (change it with the option" in screen
    given = ("--supply", "1.6", "--load", "2p", "--vcm", "0.7", "--bias", "ib=1u", "--force")
    status, screen = on_a_terminal(folder, *given, replies="")
    assert status == 0 and "]: " not in screen and "guessed" not in screen


def test_without_a_terminal_nothing_is_asked_and_guesses_are_data(folder: Path) -> None:
    done = run("init", str(folder / "c.spice"), "--no-sim", "--json")
    guessed = json.loads(done.stdout)["guessed"]
    assert {guess["what"] for guess in guessed} == {"supply", "load", "common mode", "current of ib"}
    assert all(guess["option"] for guess in guessed)


def test_a_draft_that_does_not_load_is_written_with_what_is_wrong(folder: Path) -> None:
    # no port that a testbench could hold as the supply
    (folder / "c.spice").write_text(OTA.replace(" vdd vss\n", " vss\n", 1).replace("vdd", "inner"))
    done = run("init", str(folder / "c.spice"))
    assert done.returncode == 2 and "to correct: " in done.stderr and "vdd" in done.stderr
    text = (folder / "spec.yaml").read_text()
    assert text.startswith("# to correct: ") and "testbenches:" in text
    checked = run("check", str(folder / "spec.yaml"))
    assert checked.returncode == 2
