"""The shown state is a run and the turn that the user looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eda_agent.record.fold import RunState
from eda_agent.tui.view import Row, turn_of


@dataclass(frozen=True)
class Shown:
    """`folder`: of the run. `index`: of the turn, None for the best. `notes`: of the run, oldest first."""

    state: RunState
    folder: Path
    index: int | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def turn(self) -> Row | None:
        """The turn, None before there is one."""
        return turn_of(self.state, self.index)

    @property
    def number(self) -> str:
        """The number of the turn, as text."""
        return str(self.turn["index"]) if self.turn else "—"

    @property
    def sizing(self) -> dict[str, float] | None:
        """The sizes of the turn, None where it has none."""
        return (self.turn or {}).get("sizing")
