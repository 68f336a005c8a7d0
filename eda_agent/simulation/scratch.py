"""A scratch folder is the working folder of one process's simulators or of its Monte Carlo models; it is removed when
the process ends, or by a later process.

A lock shows whether it is in use. A process id would not: another container or host that shares the temporary folder
has its own ids.
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
except ImportError:  # not on Windows: nothing is removed there
    fcntl = None  # type: ignore[assignment]  # mypy knows it as a module; None says that there is none

PREFIX = "eda-agent-"
LOCK = "lock"
OLD = 24 * 3600.0
"""Seconds after which a folder without a lock is abandoned: one that is being created is younger."""


class Scratch:
    """Folders for workers, one each, under one that this process has locked. Raises `OSError`."""

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
        """Remove the folder of an ended worker."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def sweep() -> int:
    """Remove the folders of this user's killed processes. Returns their number."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            # not a link, and ours: anyone can create names in a common folder
            if (
                not folder.is_symlink()
                and folder.is_dir()
                and folder.stat().st_uid == os.getuid()
                and _left_behind(folder)
            ):
                shutil.rmtree(folder)
                removed += 1
    return removed


def _left_behind(folder: Path) -> bool:
    """Whether a folder is unused: its lock is free, or it has none and is old."""
    try:
        with open_own(folder / LOCK, "rb") as lock:
            if fcntl is None:
                return False
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > OLD
