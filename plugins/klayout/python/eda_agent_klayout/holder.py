"""A holder is another process that is running in a run's folder: of a terminal, or of a KLayout that was killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pya

from . import faults

try:
    import fcntl
except ImportError:  # not on Windows: eda-agent itself finds no holder there
    fcntl = None  # type: ignore[assignment]  # mypy knows it as a module

LOCKS = Path("/proc/locks")
LOOK = 200
"""Milliseconds between two looks at a holder that is to end."""
PATIENCE = 20.0
"""Seconds in which it may end as *stop* ends it; then it is interrupted."""
END, LEAVE = "End it and resume", "Leave it"


@dataclass(frozen=True)
class Holder:
    """`process`: its number, 0 where the system does not tell it."""

    folder: Path
    process: int

    @property
    def name(self) -> str:
        return f"process {self.process}" if self.process else "another process"

    def tell(self, **order: object) -> None:
        """Send a command, as the process reads them from a file. Raises OSError for a folder that cannot be written."""
        with (self.folder / "orders.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(order) + "\n")

    def interrupt(self) -> None:
        """End a process that does not read its commands; its run can be resumed as well."""
        if self.process:
            with suppress(OSError):
                os.kill(self.process, signal.SIGTERM)


def holder(folder: str) -> Holder | None:
    """The process that is running in a folder, None without one."""
    path = Path(folder) / "journal.jsonl"
    if fcntl is None:
        return None
    try:
        with path.open("rb") as file:
            # the lock that eda-agent holds as long as it writes the journal
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Holder(Path(folder), _locker(path))
    except OSError:
        return None
    return None


def listed(folder: str) -> Holder | None:
    """The same, to be asked often: where the system lists its locks, without taking one, which would keep a run that
    begins at this moment out of its folder.
    """
    path = Path(folder) / "journal.jsonl"
    if not LOCKS.exists():
        return holder(folder)
    process = _locker(path) if path.exists() else 0
    return Holder(Path(folder), process) if process else None


def _locker(path: Path) -> int:
    """The process that holds the lock of a file, as Linux lists it (proc_locks(5)); 0 if it is not listed."""
    found = path.stat()
    name = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    with suppress(OSError, ValueError):
        for line in LOCKS.read_text().splitlines():
            words = line.split()
            if words[1:2] == ["FLOCK"] and words[5] == name:
                return int(words[4])
    return 0


class Takeover:
    """Asks whether the holder of a run's folder is to end, and ends it without blocking the window. `free` is called
    when the folder is free, `given_up` when the holder does not end.
    """

    def __init__(self, parent: pya.QWidget, free: Callable[[], None], given_up: Callable[[], None]):
        self._free, self._given_up = free, given_up
        self._holder: Holder | None = None
        self._end, self._interrupted = 0.0, False
        self._timer = pya.QTimer(parent)
        self._timer.timeout = faults.guarded(self._look)

    @property
    def words(self) -> str:
        """What is being waited for, or ""."""
        return f"ending {self._holder.name} …" if self._holder is not None else ""

    def ask(self, found: Holder) -> bool:
        """Ask in a box, and begin; returns whether it is being ended."""
        if self._holder is not None:
            return True
        box = pya.QMessageBox(pya.Application.instance().main_window())
        box.windowTitle = "eda-agent"
        box.text = (
            f"The run is still running ({found.name}).\n\nIt was started by a terminal or by another KLayout. Ended, it"
            " keeps its results, and this window continues it."
        )
        end = box.addButton(END, pya.QMessageBox.AcceptRole)
        box.addButton(LEAVE, pya.QMessageBox.RejectRole)
        box.exec_()
        if box.clickedButton() != end:
            return False
        found.tell(do="stop")
        self._holder, self._end, self._interrupted = found, time.monotonic() + PATIENCE, False
        self._timer.start(LOOK)
        return True

    def _look(self) -> None:
        before = self._holder
        if before is None:
            return
        late = time.monotonic() > self._end
        if holder(str(before.folder)) is None:
            self.forget()
            self._free()
        elif late and self._interrupted:
            self.forget()
            self._given_up()
            faults.tell("eda-agent", f"The run does not end ({before.name}).\n\nEnd this process, then press resume")
        elif late:
            before.interrupt()
            self._end, self._interrupted = time.monotonic() + PATIENCE, True

    def forget(self) -> None:
        """End the wait."""
        self._timer.stop()
        self._holder = None
