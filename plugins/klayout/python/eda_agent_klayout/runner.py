"""A runner is one `eda-agent size` process beside KLayout: it receives events and sends commands."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pya

from .faults import guarded
from .stream import Lines, Run

BESIDE = Path(__file__).parent / "executable.txt"
"""Written by `eda-agent klayout install`: the path of the executable."""
CONFIG = "eda-agent-executable"
START = 3000
"""Milliseconds within which a process must start."""


class MissingExecutable(RuntimeError):
    """No eda-agent was found."""


def executable() -> str:
    """The path of eda-agent: the user's setting, the installed path, or the one on the path. Raises
    `MissingExecutable`.
    """
    set_by_user = pya.Application.instance().get_config(CONFIG) if hasattr(pya, "Application") else ""
    installed = BESIDE.read_text(encoding="utf-8").strip() if BESIDE.is_file() else ""
    for found in (set_by_user, installed, shutil.which("eda-agent")):
        if found and os.access(found, os.X_OK):
            return str(found)
    raise MissingExecutable(
        "eda-agent was not found.\n\nInstall it (pip install eda-agent) and run 'eda-agent klayout install', or choose"
        " its executable in Tools > eda-agent > Executable …"
    )


def silent(what: str, status: int) -> str:
    """What is said of a program that ended without a message."""
    return (
        f"{what} ended with status {status} and without a message\n\nThe program was {executable()}; Tools > eda-agent"
        " > Executable … chooses another"
    )


class Runner:
    """`changed` is called after events arrived, `ended` with a text once the process has ended: "" if the run finished
    normally.
    """

    def __init__(self, changed: Callable[[], None], ended: Callable[[str], None]):
        self.changed, self.ended = changed, ended
        self.run = Run()
        self._lines = Lines()
        self._process: pya.QProcess | None = None
        self._words = b""
        self._where, self._begun = "", False
        self._shown = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.state() != pya.QProcess.NotRunning

    def start(self, arguments: list[str], where: str) -> None:
        """Start `eda-agent` with these arguments in a folder. Raises `MissingExecutable`."""
        program = executable()
        self.run = Run()
        self._begin(program, arguments, where)

    def resume(self, folder: str, where: str, more: Sequence[str] = ()) -> None:
        """Continue the run in a folder; `more`: options that change. The process tells what is new alone, so the
        journal is read first. Raises `MissingExecutable`, or OSError without a journal.
        """
        program = executable()
        self.show(folder)
        # they were shown when they came
        self.run.warnings = []
        self._begin(program, ["size", folder, "--resume", "--events", *more], where)

    def _begin(self, program: str, arguments: list[str], where: str) -> None:
        self._where, self._begun = where, False
        self._lines, self._words = Lines(), b""
        process = pya.QProcess(pya.Application.instance().main_window())
        process.setWorkingDirectory(where)
        process.readyReadStandardOutput = guarded(self._read, once=True)
        process.readyReadStandardError = guarded(self._hear, once=True)
        process.finished = guarded(self._finished)
        self._process = process
        process.start(program, arguments)
        # a process that never started emits no `finished`; the signal has different names in different versions
        if not process.waitForStarted(START):
            self._process = None
            self.ended("eda-agent could not be started\n\nChoose its executable in Tools > eda-agent > Executable …")

    def show(self, folder: str) -> None:
        """Read the journal of a run without starting a process. Raises OSError without one."""
        data = (Path(folder) / "journal.jsonl").read_bytes()
        self.run, self._lines, self._shown = Run(folder=folder), Lines(), len(data)
        self._show(data)

    def follow(self) -> None:
        """Read what another process has written into the journal of the shown run since."""
        with (Path(self.run.folder) / "journal.jsonl").open("rb") as file:
            file.seek(self._shown)
            data = file.read()
        self._shown += len(data)
        if data:
            self._show(data)

    def _show(self, data: bytes) -> None:
        folder = self.run.folder
        for event in self._lines.feed(data):
            self.run.apply(event)
        # a moved run is in the folder where it was found
        self.run.folder = folder
        self.changed()

    def tell(self, **order: object) -> None:
        """Send a command to the run."""
        if self.alive and self._process is not None:
            self._process.write((json.dumps(order) + "\n").encode())

    def ask_to_stop(self) -> None:
        """Send the command to stop now, without the window's help."""
        if self.alive and self._process is not None:
            self.tell(do="stop")
            self._process.waitForBytesWritten(1000)

    def wait(self, milliseconds: int) -> None:
        """Wait for the process to end by itself, which writes the end of the run; then kill it."""
        process = self._process
        if process is not None and process.state() != pya.QProcess.NotRunning:
            # nothing is told of it any more
            self._process = None
            if not process.waitForFinished(milliseconds):
                process.kill()
                process.waitForFinished(2000)

    def kill(self) -> None:
        """Kill the process at once without a report, at the user's request. The run can be resumed."""
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
            self._begun = self._begun or event["type"] == "run.started"
        if self.run.folder:
            # the path is relative to eda-agent's working folder
            self.run.folder = str(Path(self._where, self.run.folder))
        if self.run.fault and self.alive:
            self._process.kill()
        if events:
            self.changed()

    def _hear(self, *_: object) -> None:
        if self._process is not None:
            # its other messages are events too: only the end is kept
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
        elif self._begun and self.run.finished and status in (0, 1, 130):
            self.ended("")
        elif self._begun:
            self.ended(
                f"the run was interrupted ({how}); resume continues it from {self.run.folder}\n\n{words}".strip()
            )
        else:
            self.ended(words or silent("eda-agent", status))
