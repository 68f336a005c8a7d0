"""A command is an `eda-agent` process that returns one result, without blocking the window."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pya

from .faults import guarded
from .runner import START, executable, silent
from .steps import Progress, Work

POLL = 0.03
"""Seconds between two looks at a process."""
NOT_STARTED = "eda-agent could not be started\n\nChoose its executable in Tools > eda-agent > Executable …"


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
            failed(NOT_STARTED)

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
        status = process.exitCode()
        complaint = bytes(process.readAllStandardError()).decode("utf-8", "replace").strip()
        # status 1 is a result as well (a spec that is not met), unless nothing was said
        if status == 0 or (status == 1 and (words or complaint)):
            self._done(words)
            return
        self._failed(boxed(complaint) or silent(f"eda-agent {self._name}", status))


def output(
    program: str, arguments: Sequence[str], what: str, limit: float, not_started: str
) -> Work[tuple[int, str, str]]:
    """Exit status, output and errors of a program, as stepwise work; closed early, the program is killed.

    Raises ValueError for a program that does not start, crashes, or takes longer than `limit` seconds.
    """
    process = pya.QProcess(pya.Application.instance().main_window())
    process.start(program, list(arguments))
    try:
        if not process.waitForStarted(START):
            raise ValueError(not_started)
        end = time.monotonic() + limit
        while process.state() != pya.QProcess.NotRunning:
            if time.monotonic() > end:
                raise ValueError(f"{what} took longer than {limit:g} s")
            yield Progress(what, wait=POLL)
        words = [
            bytes(part).decode("utf-8", "replace")
            for part in (process.readAllStandardOutput(), process.readAllStandardError())
        ]
        if process.exitStatus() == pya.QProcess.CrashExit:
            raise ValueError(f"{what}: the process crashed\n\n{words[1].strip()[-500:]}")
        return process.exitCode(), words[0], words[1].strip()
    finally:
        if process.state() != pya.QProcess.NotRunning:
            process.kill()
            process.waitForFinished(2000)


def speaks_for_itself(program: str) -> Work[None]:
    """Ask a program for its version. Raises ValueError for one that is not eda-agent."""
    refused = f"{program} is not eda-agent"
    advice = "Choose the executable eda-agent; 'which eda-agent' in a terminal shows its path"
    status, words, complaint = yield from output(program, ["--version"], program, 20.0, f"{refused}\n\n{advice}")
    if status != 0 or not words.startswith("eda-agent"):
        said = (words or complaint).strip().split("\n")[0][:200] or "nothing"
        raise ValueError(f"{refused}: asked for its version, it answers {said!r}, status {status}\n\n{advice}")


def asked(arguments: Sequence[str], limit: float = 60.0, doing: str = "") -> Work[str]:
    """The output of `eda-agent`, as stepwise work; `doing`: what is shown meanwhile. Raises ValueError with its error
    message, or `MissingExecutable`.
    """
    what = f"eda-agent {arguments[0]}"
    status, words, complaint = yield from output(executable(), arguments, doing or what, limit, NOT_STARTED)
    if status not in (0, 1) or (status == 1 and not words and not complaint):
        raise ValueError(boxed(complaint) or silent(what, status))
    return words


def boxed(complaint: str) -> str:
    """A message of `eda-agent` in the style of the boxes: without the program's name, the advice after a blank line."""
    what, arrow, advice = complaint.removeprefix("eda-agent: ").partition("\n    → ")
    return (
        f"{what}\n\n{advice[:1].upper()}{advice[1:]}" if arrow and "\n    → " not in advice else what + arrow + advice
    )
