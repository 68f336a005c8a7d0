"""A run of the app is a process of its own: it is started, told what to do through its folder, and lives on when the app closes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from eda_agent.agent.commands import COMMANDS_FILE, Command
from eda_agent.errors import InputError
from eda_agent.files import json_line, open_own, read_file, write_all

WORDS = "stderr.log"
"""What the process says, in the run's folder."""

NICE = 10


class RunProcess:
    """The run in a folder: one that was started here, or anyone's."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes] | None = None):
        self.folder = folder
        self._process = process

    @property
    def alive(self) -> bool:
        """Whether somebody is running it: the journal is locked by its owner."""
        if self._process is not None and self._process.poll() is None:
            return True
        try:
            with open_own(self.folder / "journal.jsonl", "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return False
        except FileNotFoundError:
            return False
        except OSError:
            return True

    @property
    def failure(self) -> str:
        """Why a process that was started here ended before it had a run; "" where it did not."""
        if self._process is None or self._process.poll() in (None, 0, 1, 130) or self.alive:
            return ""
        with contextlib.suppress(OSError):
            return read_file(self.folder / WORDS).decode("utf-8", errors="replace").strip()
        return f"the run ended with status {self._process.returncode}"

    def send(self, command: Command) -> None:
        """Raises `InputError` where nobody would take the command."""
        if not self.alive:
            raise InputError("nobody is running this: a command would be heard by no one\n    → resume the run first")
        write_command(self.folder, command)

    def resume(self, *commands: Command) -> RunProcess:
        """Go on with a run that has ended. It obeys `commands` before anything else."""
        return start(self.folder, self.folder, ["--resume"], commands)


def write_command(folder: Path, command: Command) -> None:
    try:
        with open_own(folder / COMMANDS_FILE, "ab") as file:
            write_all(file, json_line(command.data()).encode())
    except OSError as error:
        raise InputError(f"{folder / COMMANDS_FILE}: {error.strerror}") from None


def start(spec: Path, folder: Path, arguments: Sequence[str] = (), commands: Sequence[Command] = ()) -> RunProcess:
    """Start `eda-agent size` in a session of its own, so that it survives this terminal. It obeys `commands` first, and what is sent while it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    since = (folder / COMMANDS_FILE).stat().st_size if (folder / COMMANDS_FILE).exists() else 0
    for command in commands:
        write_command(folder, command)
    argv = [
        sys.executable,
        "-m",
        "eda_agent",
        "size",
        str(spec),
        "--out",
        str(folder),
        "--json",
        "--orders-from",
        str(since),
        *arguments,
    ]
    with open_own(folder / WORDS, "wb") as words:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
    yield_to_screen(process.pid)
    return RunProcess(folder, process)


def yield_to_screen(pid: int) -> None:
    """Simulators that use every core leave the screen its turn, so that a key is answered at once.

    Linux weighs sessions against each other where it groups by them (`sched_autogroup_enabled`), and a niceness counts within its session only.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICE)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE))
