"""A history is the task and all turns so far: everything that a policy may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from eda_agent.agent.turn import Turn
from eda_agent.agent.turn_store import WORST, RankKey, StoredTurns, rank_key_of, sizing_hash
from eda_agent.problem.spec import Problem

RECENT = 300
"""Number of latest turns that stay in memory, because policies and screens read them repeatedly."""


def compact_turns(turns: Iterable[Turn]) -> Sequence[Turn]:
    """An immutable sequence of turns with small, constant memory."""
    if isinstance(turns, StoredTurns):
        return turns
    first: list[Turn] = []
    stored: StoredTurns | None = None
    for turn in turns:
        if stored is not None:
            stored = stored.with_turn(turn)
        else:
            first.append(turn)
            if len(first) > RECENT:
                stored = StoredTurns.of(first)
    return tuple(first) if stored is None else stored


@dataclass(frozen=True)
class Standing:
    """How some turns of a problem stand: the incumbent, and the simulations that count in the budget."""

    problem: Problem
    turns: Sequence[Turn]
    incumbent: Turn | None
    simulations: int


@dataclass(frozen=True)
class History:
    """The task and its turns.

    Attributes:
        problem: the task with its present targets and ranges.
        turns: all turns, the baseline first.
        hints: the user's texts for the policy.
        standing: how these turns stand, if it is known already.
    """

    problem: Problem
    turns: Sequence[Turn] = ()
    hints: tuple[str, ...] = ()
    standing: Standing | None = field(default=None, repr=False, compare=False)

    def with_turn(self, turn: Turn) -> History:
        """A history with one more turn. Its standing is updated instead of computed again, because a run may have
        a hundred thousand turns.
        """
        turns = self.turns
        if isinstance(turns, StoredTurns):
            turns = turns.with_turn(turn)
        elif len(turns) < RECENT:
            turns = (*turns, turn)
        else:
            turns = StoredTurns.of((*turns, turn))
        best = self.incumbent
        better = turn.evaluation is not None and (best is None or self._rank(turn) > self._rank(best))
        simulations = self.simulations + (turn.index > 0 and turn.evaluation is not None) + turn.proposal.spent
        return History(
            self.problem, turns, self.hints, Standing(self.problem, turns, turn if better else best, simulations)
        )

    @cached_property
    def rank_keys(self) -> Sequence[RankKey | None]:
        """The rank key of every turn, None for a turn that was not simulated. The incumbent has the largest."""
        return (
            self.turns.rank_keys if isinstance(self.turns, StoredTurns) else [rank_key_of(turn) for turn in self.turns]
        )

    @cached_property
    def proposers(self) -> Sequence[str]:
        """The proposing policy of every turn."""
        return (
            self.turns.proposers
            if isinstance(self.turns, StoredTurns)
            else [turn.proposal.policy for turn in self.turns]
        )

    @cached_property
    def measured(self) -> Sequence[int]:
        """Indices of the turns that have an evaluation, the baseline's included."""
        return [place for place, key in enumerate(self.rank_keys) if key is not None]

    @property
    def simulated(self) -> tuple[Turn, ...]:
        """The turns that have an evaluation. In a long run read only the needed ones: `measured`, `ranked`."""
        return tuple(self.turns[place] for place in self.measured)

    def ranked(self, places: Iterable[int]) -> list[int]:
        """Indices of simulated turns, best first; equal ones in their order. Turns without all corners come last,
        because their scores are bounds.
        """
        return sorted(places, key=lambda place: (self.complete(place), self.rank_keys[place] or WORST), reverse=True)

    def complete(self, place: int) -> bool:
        """Whether a turn was simulated in every corner."""
        return self._corner_counts[place] >= len(self.problem.corners)

    @cached_property
    def _corner_counts(self) -> Sequence[int]:
        return self.turns.corners if isinstance(self.turns, StoredTurns) else [turn.corners for turn in self.turns]

    @property
    def incumbent(self) -> Turn | None:
        """The best turn of those that were simulated in every corner; the earliest of equals."""
        return self._standing.incumbent

    @property
    def simulations(self) -> int:
        """Proposals simulated so far, and what tools cost; the budget counts these."""
        return self._standing.simulations

    @cached_property
    def _standing(self) -> Standing:
        known = self.standing
        if known is not None and known.turns is self.turns and known.problem is self.problem:
            return known
        turns = self.turns
        spent = turns.spent if isinstance(turns, StoredTurns) else sum(turn.proposal.spent for turn in turns)
        simulations = len(self.measured) - bool(self.measured and self.measured[0] == 0) + spent
        return Standing(self.problem, self.turns, self._best(), simulations)

    def _best(self) -> Turn | None:
        if not self.measured:
            return None
        return self.turns[self.ranked(self.measured)[0]]

    def _rank(self, turn: Turn) -> tuple[bool, RankKey]:
        """Sort key of the incumbent: a turn without all corners ranks below every complete one, because its score is a
        bound.
        """
        return turn.corners >= len(self.problem.corners), rank_key_of(turn) or WORST

    def tried(self, sizing: Mapping[str, float]) -> bool:
        """Whether a legal sizing was simulated before."""
        return hash(tuple([sizing[name] for name in self.problem.space.names])) in self._marks

    @cached_property
    def _marks(self) -> frozenset[int]:
        return frozenset(
            self.turns.sizing_hashes
            if isinstance(self.turns, StoredTurns)
            else (sizing_hash(turn.sizing) for turn in self.turns)
        )
