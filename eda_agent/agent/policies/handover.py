"""A hand-over is the moment when one policy gives the run to another because it no longer gains or has had its turns. Who has the run is a fold over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.agent.turn import Turn

SHARE = 0.05
"""Of what is missing to the full score: a turn that takes less off counts as none."""


@dataclass(frozen=True)
class Leg:
    """`who` has the run since turn `since` (the first that it proposes), and why ("" for the first leg)."""

    who: str
    since: int
    why: str = ""


def current_leg(
    turns: Sequence[Turn],
    order: Sequence[str],
    patience: Mapping[str, int],
    names: Mapping[str, str],
    longest: Mapping[str, int] | None = None,
) -> Leg:
    """Who proposes next. `order`: who take turns at it. `patience`: turns without gain after which each hands over. `longest`: turns that a leg has at most.

    `names`: policy name of a proposal → who made it; turns of others (a user's, a memory's) are nobody's gain and nobody's failure.
    """
    leg, place, idle, had = Leg(order[0], 1), 0, 0, 0
    best = turns[0] if turns else None
    for turn in turns[1:]:
        gained = best is None or _gains(turn, best)
        if turn.score is not None and (best is None or best.score is None or turn.score.order > best.score.order):
            best = turn
        if names.get(turn.proposal.policy) != leg.who:
            continue
        idle, had = 0 if gained else idle + 1, had + 1
        spent = longest is not None and had >= longest.get(leg.who, had + 1)
        if spent or idle >= patience[leg.who]:
            place += 1
            why = f"no gain in {idle} turns" if idle >= patience[leg.who] else f"it has had {had} turns"
            leg = Leg(order[place % len(order)], turn.index + 1, why)
            idle = had = 0
    return leg


def _gains(turn: Turn, best: Turn) -> bool:
    if turn.score is None:
        return False
    if best.score is None or turn.met != best.met:
        return best.score is None or turn.met
    if turn.met:
        return turn.score.merit > best.score.merit + 1e-3 * max(abs(best.score.merit), 1e-3)
    return turn.value > best.value + SHARE * (1.0 - best.value)
