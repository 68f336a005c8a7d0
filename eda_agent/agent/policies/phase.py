"""A phase is the turns in which one policy proposes. A hand-over begins the next one, when the policy gains no more or
has used its turns. The present phase is computed from the turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.agent.history import History
from eda_agent.agent.turn_store import RankKey
from eda_agent.units import counted

SHARE = 0.05
"""A turn counts as a gain if it removes at least this share of what is missing to the full score."""


@dataclass(frozen=True)
class Phase:
    """`owner` proposes from turn `start_turn` on; `why` is the reason of the hand-over ("" for the first phase)."""

    owner: str
    start_turn: int
    why: str = ""


def current_phase(
    history: History,
    owners: Sequence[str],
    patience: Mapping[str, int],
    names: Mapping[str, str],
    longest: Mapping[str, int] | None = None,
) -> Phase:
    """The present phase.

    Args:
        owners: the owners in turn.
        patience: owner → turns without gain after which it hands over.
        longest: owner → maximum turns of a phase.
        names: policy name of a proposal → owner. Other turns (a user's, a memory's) count for no owner.
    """
    phase, place, idle, had = Phase(owners[0], 1), 0, 0, 0
    keys = history.rank_keys
    best = keys[0] if keys else None
    for number, (key, proposer) in enumerate(zip(keys[1:], history.proposers[1:], strict=True), start=1):
        gained = key is not None and (best is None or gains(key, best))
        if key is not None and (best is None or key > best):
            best = key
        if names.get(proposer) != phase.owner:
            continue
        idle, had = 0 if gained else idle + 1, had + 1
        spent = longest is not None and had >= longest.get(phase.owner, had + 1)
        if spent or idle >= patience[phase.owner]:
            place += 1
            why = (
                f"no better design in {counted(idle, 'turn')}"
                if idle >= patience[phase.owner]
                else f"it has used {counted(had, 'turn')}"
            )
            phase = Phase(owners[place % len(owners)], number + 1, why)
            idle = had = 0
    return phase


def gains(key: RankKey, best: RankKey) -> bool:
    """Whether a turn with a rank key is a gain over the best before it."""
    (value, merit), (before, had) = key, best
    if value == 1.0 and before == 1.0:
        return merit > had + 1e-3 * max(abs(had), 1e-3)
    return value == 1.0 or (before < 1.0 and value > before + SHARE * (1.0 - before))
