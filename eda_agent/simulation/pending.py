"""A pending evaluation knows its replies so far, and the tasks that are left to simulate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.simulation.deck import Deck
from eda_agent.simulation.executor import Task
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.window import merged


@dataclass(frozen=True)
class Pending:
    """An unfinished evaluation: `tasks` to simulate, with the cache's `keys` and their `places` (sizing, deck) in
    `replies`.

    `latest`: place → the last requested deck there, with the widest window so far. `jobs`, `cached`: by sizing.
    """

    instances: Sequence[Instance]
    decks: Sequence[Deck]
    corners: Collection[str] | None
    jobs: list[int]
    cached: list[int]
    tasks: list[Task] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    places: list[tuple[int, str]] = field(default_factory=list)
    replies: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    latest: dict[tuple[int, str], Deck] = field(default_factory=dict)

    def take(self, place: tuple[int, str], reply: dict[str, Any]) -> None:
        """Store a reply, or what it adds to the reply of a narrower window."""
        narrow = self.replies.get(place)
        self.replies[place] = reply if narrow is None else merged(narrow, reply)
