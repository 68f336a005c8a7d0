"""Restoring makes the agent's own objects of what a journal says: what resuming a run and learning from one begin with."""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Problem
from eda_agent.record.event import Event
from eda_agent.record.events import evaluation_from, proposal_from
from eda_agent.record.fold import RunState


def restore_turns(rows: Sequence[Event], problem: Problem) -> list[Turn]:
    """Turns as the agent's own objects; scores are worked out again from the values, which are what was measured."""
    turns = []
    for data in rows:
        evaluation = evaluation_from(data["evaluation"]) if "evaluation" in data else None
        graded = score(problem.specs, evaluation) if evaluation is not None else None
        turns.append(Turn(data["index"], proposal_from(data["proposal"]), data["sizing"], evaluation, graded))
    return turns


def restore_pending(state: RunState) -> list[Proposal]:
    """The proposals that were not played yet."""
    return [proposal_from(event) for event in state.pending]
