"""A scratch folder is where the simulators of one process stand, or the models of its chips are; it goes when the process does, or when the next one finds it left behind.

A lock says whether it is in use. A process number would not: another container or host that shares the folder of temporary files has numbers of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from eda_agent.files import open_own

try:
    import fcntl
except ImportError:  # not on Windows: nothing is swept there
    fcntl = None  # type: ignore[assignment]  # mypy knows it as a module; None says that there is none

PREFIX = "eda-agent-"
LOCK = "lock"
OLD = 24 * 3600.0
"""Seconds after which a folder without a lock is nobody's: one that is being made, or in use for a moment, is younger."""


class Scratch:
    """Folders for workers, one each, under one that is locked by this process. Raises `OSError`."""

    def __init__(self) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = open_own(self.folder / LOCK, "xb")
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._made = 0

    def take(self) -> Path:
        self._made += 1
        folder = self.folder / str(self._made)
        folder.mkdir(mode=0o700)
        return folder

    def give(self, folder: Path) -> None:
        """A worker has ended: what it wrote is of no use to anyone."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def sweep() -> int:
    """Remove what killed processes of this user left behind. Gives how many."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            # not a link, and ours: names in a common folder are anyone's
            if not folder.is_symlink() and folder.is_dir() and folder.stat().st_uid == os.getuid() and _left_behind(folder):
                shutil.rmtree(folder)
                removed += 1
    return removed


def _left_behind(folder: Path) -> bool:
    """Whether nobody uses a folder: its lock is free, or it has none and is old."""
    try:
        with open_own(folder / LOCK, "rb") as lock:
            if fcntl is None:
                return False
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > OLD
