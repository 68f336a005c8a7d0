"""A work clock has the time that a run works: without pauses and without waiting for the user's decision.

It is the time of a journal's fold, so that a run tells the same seconds at its end as its journal does later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.record.fold import RunState


class WorkClock:
    """The clock of a run from its first event on."""

    def __init__(self) -> None:
        self._state = RunState()

    def resume(self, before: RunState) -> None:
        """Go on from the state that a run had before this process."""
        self._state.worked += before.worked
        self._state.paused, self._state.review = before.paused, before.review
        self._state.pending = list(before.pending)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in an event of the run, in order."""
        self._state.apply(dict(event))
        # the times alone are of interest
        self._state.turns.clear()
        self._state.failures.clear()
        self._state.left.clear()

    @property
    def seconds(self) -> float:
        """Seconds until the last event."""
        return self._state.worked
