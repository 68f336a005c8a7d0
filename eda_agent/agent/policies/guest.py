"""A guest is a language model that plays in the turns of a search: the first ones as long as it gains, and again when
the search gains no more.

The present phase follows from the turns alone. A turn of the other owner ends a phase too: the model may hand over, its
limits may be reached, or its endpoint may not answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eda_agent.agent.history import History
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.phase import Phase, gains
from eda_agent.agent.turn import Proposal
from eda_agent.errors import MissingError
from eda_agent.units import counted

LEAST, MOST = 3, 6
"""Turns of the model in a phase: at least so many, and at most, if it gains."""
SEARCH_PATIENCE = 15
"""Turns of the search without gain after which the model gets the run back."""
SEARCH = "trust"
Search = Callable[[int], Proposal]
"""The search's proposal, in a phase that begins with a turn."""


class Guest:
    """`model` plays as a guest of a search."""

    def __init__(self, model: ChatPolicy):
        self.model = model
        model.search = True
        self.gone = ""
        """Why the model is not asked any more."""

    def proposals(self, history: History, search: Search) -> list[Proposal]:
        """The proposals of the present owner, with the reason if it took over."""
        phase = phase_of(history)
        if phase.owner == "search":
            # its first turn in this phase, or a later one
            return [self._with_why(search(phase.start_turn), phase, history)]
        asked = None
        if not self.gone and not (why := self.model.spent or self.model.stuck):
            try:
                found = self.model.proposals(history)
                if not found[0].handover:
                    return [self._with_why(found[0], phase, history), *found[1:]]
                why, asked = found[0].handover, found[0].asked
            except MissingError as error:
                self.gone = why = f"the language model is not available: {error}"
        why = self.gone or why
        return [replace(search(len(history.turns)), handover=why, asked=asked)]

    @staticmethod
    def _with_why(proposal: Proposal, phase: Phase, history: History) -> Proposal:
        return replace(proposal, handover=phase.why if phase.start_turn == len(history.turns) else "")


def phase_of(history: History) -> Phase:
    """The present phase. A batch of sizings that were proposed together counts as one turn of the model."""
    phase, idle, had, left, batch_gained = Phase("model", 1), 0, 0, 0, False
    keys = history.rank_keys
    best = keys[0] if keys else None
    for number, (key, proposer) in enumerate(zip(keys[1:], history.proposers[1:], strict=True), start=1):
        gained = key is not None and (best is None or gains(key, best))
        if key is not None and (best is None or key > best):
            best = key
        owner = {"chat": "model", SEARCH: "search"}.get(proposer)
        if owner is None:
            continue  # a turn of the user or of a memory counts for nobody
        if owner != phase.owner:
            phase, idle, had, left = Phase(owner, number), 0, 0, 0
        if owner == "model":
            if left == 0:
                left, batch_gained = history.turns[number].proposal.batch, False
            left -= 1
            batch_gained = batch_gained or gained
            if left:
                continue
            gained = batch_gained
        had, idle = had + 1, 0 if gained else idle + 1
        why = _ends(phase.owner, had, idle)
        if why:
            phase, idle, had, left = Phase("search" if owner == "model" else "model", number + 1, why), 0, 0, 0
    return phase


def _ends(owner: str, had: int, idle: int) -> str:
    """Why a phase ends, or ""."""
    if owner == "search":
        return f"no better design in {counted(idle, 'turn')}" if idle >= SEARCH_PATIENCE else ""
    if had >= MOST:
        return f"it has used {counted(had, 'turn')}"
    return f"no better design in {counted(idle, 'turn')}" if had >= LEAST and idle else ""
