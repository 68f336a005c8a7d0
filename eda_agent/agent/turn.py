"""A turn is one proposal, its simulations, its measurements and its score.

Turn 0 is the baseline: the netlist's own sizes. It does not count in the budget, and every policy starts with its
result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from eda_agent.agent.score import Score, score
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Proposal:
    """A policy's answer: a sizing (legal or not; every parameter), or the reason why there is none.

    Attributes:
        sizing: parameter → value in SI units, or None.
        reasoning: the policy's reason, for people.
        reply: the original text of a language model.
        error: why there is no sizing, as a message for the model.
        notes: repairs of the reply.
        handover: why the proposing policy changed.
        asked: what a language model asked and used for it, as plain data: `calls` (tool, arguments, text), `usage`
            (`policies.chat_meter`), `simulations` that its tools cost, `batch` (sizings proposed together, of the
            first of them).
    """

    sizing: Mapping[str, float] | None
    reasoning: str = ""
    reply: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()
    policy: str = ""
    handover: str = ""
    asked: Mapping[str, Any] | None = None

    @property
    def spent(self) -> int:
        """Simulations that the tools cost."""
        return int((self.asked or {}).get("simulations", 0))

    @property
    def batch(self) -> int:
        """Number of sizings that were proposed together with this one, itself included."""
        return int((self.asked or {}).get("batch", 1))


@dataclass(frozen=True, slots=True)
class Turn:
    """`evaluation` and `score` are None exactly if the proposal had no sizing; `value` is then 0."""

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
        """The number of simulated corners."""
        return len(self.evaluation.values) if self.evaluation is not None else 0


def rescore(problem: Problem, turn: Turn) -> Turn:
    """A turn with its score for a problem's present targets."""
    return replace(
        turn, score=score(problem.specs, turn.evaluation, len(problem.corners)) if turn.evaluation is not None else None
    )
