"""A control carries commands from the user to a running loop, from any thread, and from a file to which other processes
append.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from eda_agent.agent.commands import Command, parse_command
from eda_agent.errors import InputError
from eda_agent.files import open_own

PIECE = 1_000_000
"""Maximum number of bytes read from the file at once; the rest is read the next time."""
POLL = 0.1
"""Seconds between two reads of the file while the loop waits."""


class Control:
    """`stop` may be set at any time; everything else is a `Command`. `complain` receives the errors of invalid
    commands.
    """

    def __init__(self, stop: bool = False, complain: Callable[[str], None] = lambda text: None):
        self.stop = stop
        self._left = False
        self.complain = complain
        self._commands: deque[Command] = deque()
        self._came = threading.Condition()
        self._file: Path | None = None
        self._read = 0

    def send(self, command: Command) -> None:
        with self._came:
            self._commands.append(command)
            self._came.notify_all()

    def follow(self, path: Path, since: int | None = None) -> None:
        """Read commands from lines appended to a file from now on, or from byte `since` on."""
        self._file = path
        self._read = since if since is not None else path.stat().st_size if path.exists() else 0

    def take(self) -> list[Command]:
        """The commands received since the last call, oldest first."""
        self._look()
        with self._came:
            result = list(self._commands)
            self._commands.clear()
        return result

    def wait(self) -> list[Command]:
        """Wait for commands; returns an empty list when `stop` is set. Raises `BrokenPipeError` after `leave`."""
        while not self.stop:
            if self._left:
                raise BrokenPipeError("the front of this run has ended")
            found = self.take()
            if found:
                return found
            with self._came:
                if not self._commands and not self.stop and not self._left:
                    self._came.wait(POLL)
        return []

    def leave(self) -> None:
        """The user's front has ended, so nobody decides any more: a loop that waits ends as at its next event."""
        with self._came:
            self._left = True
            self._came.notify_all()

    def halt(self) -> None:
        """Stop the loop, also while it waits."""
        with self._came:
            self.stop = True
            self._came.notify_all()

    def _refuse(self, why: str) -> None:
        """Stop reading commands from the file."""
        self.complain(f"{self._file}: no more commands are read from this file: {why}")
        self._file = None

    def _look(self) -> None:
        if self._file is None:
            return
        try:
            with open_own(self._file, "rb") as file:
                file.seek(self._read)
                data = file.read(PIECE)
        except FileNotFoundError:
            return
        except OSError as error:
            self._refuse(str(error.strerror))
            return
        # an incomplete line waits for its end
        whole = data.rfind(b"\n") + 1
        if not whole and len(data) == PIECE:
            self._refuse(f"a line is longer than {PIECE:,} bytes")
            return
        self._read += whole
        for line in data[:whole].decode("utf-8", errors="replace").splitlines():
            if not line.strip():
                continue
            try:
                self.send(parse_command(line))
            except InputError as error:
                self.complain(str(error))
