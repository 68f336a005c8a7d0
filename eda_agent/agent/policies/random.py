"""The random policy draws every parameter uniformly on its own scale; it is the baseline for the others."""

from __future__ import annotations

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import turn_rng
from eda_agent.agent.turn import Proposal


class RandomPolicy:
    name = "random"

    def __init__(self, seed: int):
        self.seed = seed

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        return Proposal(
            space.from_unit(turn_rng(self.seed, history, self.name).random(len(space.parameters)).tolist()),
            policy=self.name,
        )
