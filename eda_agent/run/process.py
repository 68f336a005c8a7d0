"""A run process is separate from its starter: the terminal app or a server starts it and sends commands through its
folder, and it continues when the starter ends.
"""

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
from eda_agent.record.journal import WORDS

NICE = 10


class RunProcess:
    """The run in a folder, started by this app or by another process."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes] | None = None):
        self.folder = folder
        self._process = process

    @property
    def alive(self) -> bool:
        """Whether a process runs it: the owner holds the journal's lock, and from its first moment that of its log."""
        if self._process is not None and self._process.poll() is None:
            return True
        return any(_locked(self.folder / name) for name in ("journal.jsonl", WORDS))

    @property
    def failure(self) -> str:
        """Why a process that was started here ended before its run began; "" if it did not."""
        if self._process is None or self._process.poll() in (None, 0, 1, 130) or self.alive:
            return ""
        with contextlib.suppress(OSError):
            return read_file(self.folder / WORDS).decode("utf-8", errors="replace").strip()
        return f"the run ended with status {self._process.returncode}"

    def send(self, command: Command) -> None:
        """Send a command. Raises `InputError` if no process runs the run."""
        if not self.alive:
            raise InputError("no process is running this run, so the command has no effect\n    → resume the run first")
        write_command(self.folder, command)

    def cancel(self) -> bool:
        """End the process before its run begins; whether this program started it and it lives."""
        if self._process is None or self._process.poll() is not None:
            return False
        self._process.terminate()
        return True

    def resume(self, *commands: Command) -> RunProcess:
        """Resume an ended run. It executes `commands` first."""
        return start(self.folder, self.folder, ["--resume"], commands)


def _locked(path: Path) -> bool:
    """Whether a process holds a file's lock; one that cannot be read may be held."""
    try:
        with open_own(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def write_command(folder: Path, command: Command) -> None:
    try:
        with open_own(folder / COMMANDS_FILE, "ab") as file:
            write_all(file, json_line(command.data()).encode())
    except OSError as error:
        raise InputError(f"{folder / COMMANDS_FILE}: {error.strerror}") from None


def start(spec: Path, folder: Path, arguments: Sequence[str] = (), commands: Sequence[Command] = ()) -> RunProcess:
    """Start `eda-agent size` in a new session, so that it survives this terminal. It executes `commands` first, and
    those sent while it starts.
    """
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
        # the process inherits the lock with its stderr: it is seen to live before it has its journal
        with contextlib.suppress(OSError):
            fcntl.flock(words, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
    """Lower the simulators' priority, so that a key is answered at once even if they use every core.

    Linux weighs sessions against each other if it groups by them (`sched_autogroup_enabled`), and a nice value counts
    within its session only.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICE)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE))
