"""A turn is one proposal, its simulations, its measurements, its score; a history is the task and all earlier turns.

Turn 0 is the baseline: the sizes that the netlist came with. It is simulated for free, so that every policy starts from the same
knowledge; the budget counts proposals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

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


@dataclass(frozen=True)
class History:
    """Everything that a policy may look at. `hints`: what the user typed for it."""

    problem: Problem
    turns: tuple[Turn, ...] = ()
    hints: tuple[str, ...] = ()

    def grown(self, turn: Turn, recent: int, packed: Callable[[Turn], Turn]) -> History:
        """With one more turn; that which is no longer among the `recent` last ones is packed. What is known of the others is not worked out again:
        a run of a day has a hundred thousand."""
        turns = self.turns
        if len(turns) >= recent:
            place = len(turns) - recent
            turns = (*turns[:place], packed(turns[place]), *turns[place + 1 :], turn)
        else:
            turns = (*turns, turn)
        history = History(self.problem, turns, self.hints)
        # where a cached property keeps its value
        history.__dict__["incumbent"] = _better(self.incumbent, turn)
        history.__dict__["simulations"] = self.simulations + _counts(turn)
        return history

    @cached_property
    def incumbent(self) -> Turn | None:
        """The best turn so far; the earliest of equals."""
        best: Turn | None = None
        for turn in self.turns:
            best = _better(best, turn)
        return best

    @property
    def simulated(self) -> tuple[Turn, ...]:
        """The turns that have an evaluation, the baseline among them."""
        return tuple(turn for turn in self.turns if turn.score is not None)

    @cached_property
    def simulations(self) -> int:
        """Proposals simulated so far, which is what the budget counts."""
        return sum(_counts(turn) for turn in self.turns)


def _better(best: Turn | None, turn: Turn) -> Turn | None:
    if turn.score is not None and (best is None or best.score is None or turn.score.order > best.score.order):
        return turn
    return best


def _counts(turn: Turn) -> bool:
    return turn.index > 0 and turn.evaluation is not None


def regraded(problem: Problem, turn: Turn) -> Turn:
    """A turn as it counts for what a problem asks."""
    return replace(turn, score=score(problem.specs, turn.evaluation) if turn.evaluation is not None else None)
