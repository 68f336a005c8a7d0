"""Scratch folders of simulator processes: they end with their process, and what the killed left is swept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from eda_agent.simulation.scratch import Scratch, sweep

HOLD = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from eda_agent.simulation.scratch import Scratch
scratch = Scratch()
scratch.take()
print(scratch.folder, flush=True)
time.sleep(60)
"""


def test_what_the_killed_left_behind_is_swept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its lock: the process number may be another's, in another container that shares the folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    held = Path(holder.stdout.readline().strip())
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (tmp_path / "eda-agent-link").symlink_to(treasure)
    # one that is being made has no lock yet; one of a day ago never will
    young, old = tmp_path / "eda-agent-young", tmp_path / "eda-agent-old"
    young.mkdir()
    old.mkdir()
    os.utime(old, (0, 0))
    assert sweep() == 1
    assert held.is_dir() and young.is_dir() and treasure.is_dir() and not old.exists()
    holder.kill()
    holder.wait()
    assert sweep() == 1
    assert not held.exists()


def test_a_scratch_folder_goes_with_its_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scratch = Scratch()
    folder = scratch.take()
    assert folder.is_dir() and folder.stat().st_mode & 0o077 == 0
    assert sweep() == 0
    scratch.give(folder)
    assert not folder.exists()
    scratch.close()
    assert not scratch.folder.exists()
