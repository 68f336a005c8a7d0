"""A policy of a user's own, as `python:MODULE.CLASS` names it: it climbs from the incumbent in steps that grow
smaller.
"""

from __future__ import annotations

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import turn_rng
from eda_agent.agent.turn import Proposal


class Climb:
    name = "climb"

    def __init__(self, seed: int):
        self.seed = seed

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        best = history.incumbent
        start = space.to_unit(best.sizing if best is not None and best.sizing else space.initial)
        step = turn_rng(self.seed, history, "climb").normal(0, 0.3 / len(history.turns), len(start))
        moved = [min(max(place + by, 0.0), 1.0) for place, by in zip(start, step.tolist(), strict=True)]
        return Proposal(space.from_unit(moved), "near the best", policy=self.name)
