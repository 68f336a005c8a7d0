"""A turn is one proposal, its simulations, its measurements, its score.

Turn 0 is the baseline: the sizes that the netlist came with. It is simulated for free, so that every policy starts from the same
knowledge; the budget counts proposals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eda_agent.agent.score import Score, score
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a policy says: a sizing (any legal or illegal values; every parameter), or why there is none.

    `reply` is the model's own words where there are any, `notes` what was repaired in them. `handover`:
    why another policy than before proposes.
    """

    sizing: Mapping[str, float] | None
    reasoning: str = ""
    reply: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()
    policy: str = ""
    handover: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """`evaluation` and `score` are None exactly when the proposal had no sizing; then `value` is 0."""

    index: int
    proposal: Proposal
    sizing: Mapping[str, float] | None
    evaluation: Evaluation | None
    score: Score | None

    @property
    def value(self) -> float:
        """The score, 0 for a failed proposal."""
        return self.score.value if self.score else 0.0

    @property
    def met(self) -> bool:
        return self.score is not None and self.score.met

    @property
    def corners(self) -> int:
        """How many corners it was simulated in."""
        return len(self.evaluation.values) if self.evaluation is not None else 0


def rescore(problem: Problem, turn: Turn) -> Turn:
    """A turn as it counts for what a problem asks."""
    return replace(turn, score=score(problem.specs, turn.evaluation, len(problem.corners)) if turn.evaluation is not None else None)
