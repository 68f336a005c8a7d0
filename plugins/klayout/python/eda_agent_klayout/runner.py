"""A runner keeps one `eda-agent size` as a process beside KLayout: its events come in, orders go out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pya

from .faults import guarded
from .stream import Lines, Run

BESIDE = Path(__file__).parent / "executable.txt"
"""Written by `eda-agent klayout install`: the path of the executable."""
CONFIG = "eda-agent-executable"
START = 3000
"""Milliseconds that a process may take to be there."""


class MissingExecutable(RuntimeError):
    """No eda-agent was found."""


def executable() -> str:
    """The path of eda-agent: what the user set, what was installed, what is on the path. Raises `MissingExecutable`."""
    set_by_user = pya.Application.instance().get_config(CONFIG) if hasattr(pya, "Application") else ""
    installed = BESIDE.read_text(encoding="utf-8").strip() if BESIDE.is_file() else ""
    for found in (set_by_user, installed, shutil.which("eda-agent")):
        if found and os.access(found, os.X_OK):
            return str(found)
    raise MissingExecutable(
        "eda-agent was not found.\n\nInstall it (pip install eda-agent) and run 'eda-agent klayout install', or choose its executable in Tools > eda-agent > Executable …"
    )


class Runner:
    """`changed` is called after events came in, `ended` with a text once the process is gone: "" where the run finished by itself."""

    def __init__(self, changed: Callable[[], None], ended: Callable[[str], None]):
        self.changed, self.ended = changed, ended
        self.run = Run()
        self._lines = Lines()
        self._process: pya.QProcess | None = None
        self._words = b""
        self._where = ""

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.state() != pya.QProcess.NotRunning

    def start(self, arguments: list[str], where: str) -> None:
        """Start `eda-agent` with these arguments in a folder. Raises `MissingExecutable`."""
        program = executable()
        self._where = where
        self.run, self._lines, self._words = Run(), Lines(), b""
        process = pya.QProcess(pya.Application.instance().main_window())
        process.setWorkingDirectory(where)
        process.readyReadStandardOutput = guarded(self._read, once=True)
        process.readyReadStandardError = guarded(self._hear, once=True)
        process.finished = guarded(self._finished)
        self._process = process
        process.start(program, arguments)
        # a process that never started has no `finished`; what the signal of that is called differs between versions
        if not process.waitForStarted(START):
            self._process = None
            self.ended("eda-agent could not be started\n\nChoose its executable in Tools > eda-agent > Executable …")

    def show(self, folder: str) -> None:
        """Take in what the journal of a run says; nothing is started. Raises OSError where there is none."""
        data = (Path(folder) / "journal.jsonl").read_bytes()
        self.run, self._lines = Run(folder=folder), Lines()
        for event in self._lines.feed(data):
            self.run.apply(event)
        # a run that was moved is where it was found
        self.run.folder = folder
        self.changed()

    def tell(self, **order: object) -> None:
        """Send an order to the run."""
        if self.alive and self._process is not None:
            self._process.write((json.dumps(order) + "\n").encode())

    def kill(self) -> None:
        """End the process at once, as the user wants it: nothing is told. The run can be resumed."""
        process, self._process = self._process, None
        if process is not None and process.state() != pya.QProcess.NotRunning:
            process.kill()
            process.waitForFinished(2000)

    def _read(self, *_: object) -> None:
        if self._process is None:
            return
        events = self._lines.feed(bytes(self._process.readAllStandardOutput()))
        for event in events:
            self.run.apply(event)
        if self.run.folder:
            # it is told as seen from where eda-agent was started
            self.run.folder = str(Path(self._where, self.run.folder))
        if self.run.fault and self.alive:
            self._process.kill()
        if events:
            self.changed()

    def _hear(self, *_: object) -> None:
        if self._process is not None:
            # what it says on the way is in its events too: only the end is kept
            self._words = (self._words + bytes(self._process.readAllStandardError()))[-4000:]

    def _finished(self, *_: object) -> None:
        if self._process is None:
            return
        self._read()
        self._hear()
        status = self._process.exitCode()
        crashed = self._process.exitStatus() == pya.QProcess.CrashExit
        how = f"killed by signal {status}" if crashed else f"status {status}"
        self._process = None
        words = self._words.decode("utf-8", "replace").strip()
        if self.run.fault:
            self.ended(self.run.fault)
        elif self.run.finished and status in (0, 1, 130):
            self.ended("")
        elif self.run.started:
            self.ended(f"the run was interrupted ({how}); resume goes on with it from {self.run.folder}\n\n{words}".strip())
        else:
            self.ended(words or f"eda-agent ended with status {status}")
