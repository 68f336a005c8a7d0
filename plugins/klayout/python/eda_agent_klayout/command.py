"""A command is an `eda-agent` process that returns one result, without blocking the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pya

from .faults import guarded
from .runner import START, executable


class Command:
    """`done` is called with the command's output, `failed` with its error message. Raises `MissingExecutable`."""

    def __init__(self, arguments: Sequence[str], done: Callable[[str], None], failed: Callable[[str], None]):
        self._name, self._done, self._failed = arguments[0], done, failed
        process = pya.QProcess(pya.Application.instance().main_window())
        process.finished = guarded(self._finished)
        self._process: pya.QProcess | None = process
        process.start(executable(), list(arguments))
        if not process.waitForStarted(START):
            self._process = None
            failed("eda-agent could not be started\n\nChoose its executable in Tools > eda-agent > Executable …")

    @property
    def alive(self) -> bool:
        return self._process is not None

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(2000)

    def _finished(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        words = bytes(process.readAllStandardOutput()).decode("utf-8", "replace")
        if process.exitCode() in (0, 1):
            self._done(words)
            return
        complaint = bytes(process.readAllStandardError()).decode("utf-8", "replace").strip()
        self._failed(complaint or f"eda-agent {self._name} ended with status {process.exitCode()}")
