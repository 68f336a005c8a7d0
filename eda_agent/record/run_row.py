"""A run row is one line of a list of runs: what was sized, and how far it came. A run that never started has none of
these values.
"""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.record.fold import RunState
from eda_agent.stop_reasons import stop_text
from eda_agent.units import format_score

NOT_STARTED = "not started"
UNFINISHED = "unfinished"
UNKNOWN = "—"
"""Stands for a value that a run does not have yet."""


@dataclass(frozen=True)
class RunRow:
    """`score` is None before the first simulated turn; `seed` and `started` (seconds since 1970) before the start.
    `state`: the reason of the end, or one of the two words above.
    """

    problem: str
    policy: str
    seed: int | None
    score: float | None
    met: bool
    simulations: int
    state: str
    started: float | None

    @property
    def score_text(self) -> str:
        return UNKNOWN if self.score is None else format_score(self.score)

    @property
    def sign(self) -> str:
        return UNKNOWN if self.score is None else "✓" if self.met else "✗"

    @property
    def state_text(self) -> str:
        return self.state if self.state in {NOT_STARTED, UNFINISHED} else stop_text(self.state)


def run_row(state: RunState) -> RunRow:
    """The row of a run after its events."""
    begun = state.started
    return RunRow(
        problem=str(begun.get("problem", UNKNOWN)),
        policy=str(begun.get("policy", UNKNOWN)),
        seed=begun.get("seed"),
        score=state.best.get("score"),
        met=bool(state.best.get("met", False)),
        simulations=state.simulations,
        state=state.finished.get("stop") or (UNFINISHED if begun else NOT_STARTED),
        started=begun.get("t"),
    )
