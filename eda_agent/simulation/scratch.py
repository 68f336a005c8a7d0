"""A scratch folder is where the simulators of one process may write; it goes when the process does, or when the next one finds it left behind."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

_NAME = re.compile(r"eda-agent-(\d+)-\w+")


class Scratch:
    """Folders for workers, one each, under one that is named after this process. Raises `OSError`."""

    def __init__(self) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"eda-agent-{os.getpid()}-"))
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


def sweep() -> int:
    """Remove what killed processes of this user left behind. Gives how many."""
    removed = 0
    base = Path(tempfile.gettempdir())
    for folder in base.glob("eda-agent-*-*"):
        found = _NAME.fullmatch(folder.name)
        with contextlib.suppress(OSError):
            # not a link, and ours: names in a common folder are anyone's
            mine = found and not folder.is_symlink() and folder.is_dir() and folder.stat().st_uid == os.getuid()
            if mine and found and not _alive(int(found[1])):
                shutil.rmtree(folder)
                removed += 1
    return removed


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
