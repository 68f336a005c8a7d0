"""A history is the task and all turns until now: everything that a policy may look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from eda_agent.agent.turn import Turn
from eda_agent.agent.turn_store import WORST, RankKey, StoredTurns, rank_key_of, sizing_hash
from eda_agent.problem.spec import Problem

RECENT = 300
"""Turns that are left in memory: policies and screens look at the last ones again and again."""


def compact_turns(turns: Iterable[Turn]) -> Sequence[Turn]:
    """A sequence of turns that cannot be changed, in little memory however many they are."""
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
class History:
    """`turns`: the baseline first. `hints`: what the user typed for the policy."""

    problem: Problem
    turns: Sequence[Turn] = ()
    hints: tuple[str, ...] = ()

    def with_turn(self, turn: Turn) -> History:
        """With one more turn. What is known of the others is not worked out again: a run of a day has a hundred thousand."""
        turns = self.turns
        if isinstance(turns, StoredTurns):
            turns = turns.with_turn(turn)
        elif len(turns) < RECENT:
            turns = (*turns, turn)
        else:
            turns = StoredTurns.of((*turns, turn))
        history = History(self.problem, turns, self.hints)
        # where a cached property keeps its value
        best = self.incumbent
        better = turn.evaluation is not None and (best is None or self._rank(turn) > self._rank(best))
        history.__dict__["incumbent"] = turn if better else best
        history.__dict__["simulations"] = self.simulations + (turn.index > 0 and turn.evaluation is not None)
        return history

    @cached_property
    def rank_keys(self) -> Sequence[RankKey | None]:
        """Of every turn what the incumbent is the largest of, None where nothing was simulated."""
        return self.turns.rank_keys if isinstance(self.turns, StoredTurns) else [rank_key_of(turn) for turn in self.turns]

    @cached_property
    def proposers(self) -> Sequence[str]:
        """Of every turn the policy that proposed it."""
        return self.turns.proposers if isinstance(self.turns, StoredTurns) else [turn.proposal.policy for turn in self.turns]

    @cached_property
    def measured(self) -> Sequence[int]:
        """Places of the turns that have an evaluation, the baseline's among them."""
        return [place for place, key in enumerate(self.rank_keys) if key is not None]

    @property
    def simulated(self) -> tuple[Turn, ...]:
        """The turns that have an evaluation. Of a long run, ask for the few that matter: `measured`, `ranked`."""
        return tuple(self.turns[place] for place in self.measured)

    def ranked(self, places: Iterable[int]) -> list[int]:
        """Places of simulated turns, the best first; of equals the earlier."""
        return sorted(places, key=lambda place: self.rank_keys[place] or WORST, reverse=True)

    @cached_property
    def incumbent(self) -> Turn | None:
        """The best turn so far of those that were simulated in every corner; the earliest of equals."""
        if not self.measured:
            return None
        turns, corners = self.turns, len(self.problem.corners)
        counts = turns.corners if isinstance(turns, StoredTurns) else [turn.corners for turn in turns]
        return turns[max(self.measured, key=lambda place: (counts[place] >= corners, self.rank_keys[place] or WORST))]

    def _rank(self, turn: Turn) -> tuple[bool, RankKey]:
        """What the incumbent is the largest of: a score in some corners only is a bound, whatever it promises."""
        return turn.corners >= len(self.problem.corners), rank_key_of(turn) or WORST

    @cached_property
    def simulations(self) -> int:
        """Proposals simulated so far, which is what the budget counts."""
        return len(self.measured) - bool(self.measured and self.measured[0] == 0)

    def tried(self, sizing: Mapping[str, float]) -> bool:
        """Whether a legal sizing was simulated before."""
        return hash(tuple([sizing[name] for name in self.problem.space.names])) in self._marks

    @cached_property
    def _marks(self) -> frozenset[int]:
        return frozenset(
            self.turns.sizing_hashes if isinstance(self.turns, StoredTurns) else (sizing_hash(turn.sizing) for turn in self.turns)
        )
