"""A notice is a short message over the screen. Every notice is kept, so that it can be read after it has gone."""

from __future__ import annotations

from collections import deque
from typing import Any

from eda_agent.errors import visible
from eda_agent.record.event import Event
from eda_agent.record.fold import VERIFYING
from eda_agent.record.handover import handover_text

KEPT = 200
"""Notices that are kept, the last ones."""
LOW = 30
"""Lines of a terminal below which one notice at a time is shown: two would cover the tables."""

MOST_NEWS = 3
"""Notices of one moment that are shown in a higher terminal."""


def notice(event: Event, *, review: bool = False) -> dict[str, Any] | None:
    """The notice of an event: its text and how long it is shown; None for an event without one. `review`: whether
    proposals were reviewed before it.
    """
    match event["type"]:
        case "run.started" if review and event.get("resumed"):
            return {"message": "review is still on: every proposal waits for you; v ends the review", "timeout": 10}
        case "log" if event.get("about") == VERIFYING:
            # the first line says it
            return None
        case "log":
            return {"message": str(event.get("message", "")), "severity": "warning", "timeout": 10}
        case "policy.changed":
            text = handover_text(event)
            return {"message": text, "timeout": 6}
    return None


class Notices:
    """The notices of the shown run, oldest first. `since`: the time from which an event is news; what a journal had
    before is kept and not shown.
    """

    def __init__(self) -> None:
        self.kept: deque[str] = deque(maxlen=KEPT)
        self.since = 0.0

    def reset(self, since: float) -> None:
        """Another run is shown now."""
        self.kept.clear()
        self.since = since

    def take(self, event: Event, *, replay: bool, review: bool = False) -> dict[str, Any] | None:
        """Keep the notice of an event, and return it if it is news."""
        found = notice(event, review=review)
        if found is None:
            return None
        turn = event.get("index")
        self.kept.append(visible(found["message"]) + (f" · turn {turn}" if turn is not None else ""))
        return found if replay or event.get("t", 0.0) >= self.since else None
