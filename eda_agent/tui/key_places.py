"""The place of a key in the key bar depends on what the run is doing."""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.record.fold import RunState
from eda_agent.tui.keys import DECIDING, KEYS
from eda_agent.tui.proposal import deciding


@dataclass(frozen=True)
class KeyPlaces:
    """`alive`: the run has a process. `paused`: it is paused, or will be once it is open. `replay`: a replay is shown,
    which takes no commands.
    """

    state: RunState
    alive: bool
    replay: bool
    paused: bool = False

    @property
    def now(self) -> tuple[bool, ...]:
        """What the key bar depends on."""
        return (self.alive, self.paused, deciding(self.state))

    def order(self, id: str | None) -> int | None:
        """The place of a key: lower comes first, None is not shown."""
        key = KEYS.get(id or "")
        if key is None:
            return 0
        if (self.replay and key.action.startswith("control(")) or (key.id in {"stop", "review"} and not self.alive):
            return None
        if deciding(self.state):
            return -1 if key.id in DECIDING else 0
        return 0 if key.shown else None

    def word(self, id: str | None) -> str:
        """The word of a key, where the state of the run changes it."""
        return "continue" if id == "pause" and (self.paused or not self.alive) else ""
