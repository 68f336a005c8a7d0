"""A feed gives the events of a journal as they arrive: of a running or ended run, or replayed at any speed."""

from __future__ import annotations

import errno
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import orjson

from eda_agent.errors import Finding, InputError
from eda_agent.files import MAX_FILE_BYTES, open_own
from eda_agent.record.event import VERSION, Event
from eda_agent.record.journal_schema import JournalSchema

MAX_EVENTS = 20_000
"""Maximum number of events per call."""
PATIENCE = 0.2
"""Seconds after which the events read so far are returned, so that a screen can be drawn and keys answered."""


class Feed(Protocol):
    """`read`: the events since the last call, oldest first. Raises `InputError` for a file that is not a journal."""

    def read(self) -> list[Event]: ...


class JournalFeed:
    """A journal that may still be written to; it need not exist yet. An incomplete line is read later."""

    def __init__(self, path: Path):
        self.path = path
        self._at = 0
        self._line = 0
        self._form = JournalSchema()

    def read(self) -> list[Event]:
        try:
            with open_own(self.path, "rb") as file:
                file.seek(self._at)
                events: list[Event] = []
                until = time.monotonic() + PATIENCE
                while len(events) < MAX_EVENTS and (len(events) % 64 or time.monotonic() < until):
                    line = file.readline(MAX_FILE_BYTES)
                    if not line.endswith(b"\n"):
                        if len(line) == MAX_FILE_BYTES:
                            raise OSError(errno.EFBIG, f"a line is longer than {MAX_FILE_BYTES / 1e6:g} MB")
                        break
                    self._at += len(line)
                    self._line += 1
                    events.append(self._event(line))
                return events
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(Finding(f"cannot read the journal: {error.strerror}", self.path)) from None

    def _event(self, line: bytes) -> Event:
        try:
            event = orjson.loads(line)
            version, _ = event["v"], event["type"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(
                Finding(
                    "this line is not an event",
                    self.path,
                    self._line,
                    fix="the journal was damaged after it was written",
                )
            ) from None
        if version != VERSION:
            raise InputError(
                Finding(f"the journal has version {version}, this program reads {VERSION}", self.path, self._line)
            )
        if wrong := self._form.fault(event):
            raise InputError(Finding(wrong, self.path, self._line, fix="the journal was changed after it was written"))
        return dict(event)


class Replay:
    """The events of a feed at their original times, `speed` times as fast; infinitely fast for 0."""

    def __init__(self, feed: Feed, speed: float, clock: Callable[[], float] = time.monotonic):
        self.feed, self.speed, self.clock = feed, speed, clock
        self._waiting: deque[Event] = deque()
        self._begun: tuple[float, float] | None = None

    def read(self) -> list[Event]:
        self._waiting.extend(self.feed.read())
        if self._begun is None and self._waiting:
            self._begun = (self.clock(), self._waiting[0]["t"])
        events: list[Event] = []
        while self._waiting and len(events) < MAX_EVENTS and self._due(self._waiting[0]):
            events.append(self._waiting.popleft())
        return events

    @property
    def word(self) -> str:
        """What a status says of it."""
        if self._begun is not None and not self._waiting:
            return "replay, ended"
        return f"replay, {self.speed:g}× speed" if self.speed else "replay"

    def _due(self, event: Event) -> bool:
        if not self.speed or self._begun is None:
            return True
        start, first = self._begun
        return bool(event["t"] - first <= (self.clock() - start) * self.speed)
