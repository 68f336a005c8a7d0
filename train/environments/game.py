"""A game is one task played reply by reply; every environment here wraps it."""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.agent.env import Environment
from eda_agent.agent.parse import parse_reply
from eda_agent.agent.prompt import render
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Simulator


class Game:
    """At most `turns` proposals; it ends when one meets every spec."""

    def __init__(self, problem: Problem, simulator: Simulator, turns: int = 10):
        self.turns = turns
        self.env = Environment(problem, simulator)
        self.env.start()

    def messages(self) -> list[dict[str, str]]:
        """The product's prompt for the next proposal."""
        return render(self.env.history)

    def reply(self, text: str) -> Turn:
        """Play a model's reply."""
        best = self.env.history.incumbent
        space = self.env.problem.space
        return self.env.step(
            parse_reply(text, space, best.sizing if best is not None and best.sizing else space.initial)
        )

    def size(self, sizing: Mapping[str, float]) -> Turn:
        """Play a sizing in SI units."""
        return self.env.step(Proposal(dict(sizing)))

    @property
    def played(self) -> int:
        return len(self.env.history.turns) - 1

    @property
    def best(self) -> float:
        """The value of the game: its best turn's score."""
        incumbent = self.env.history.incumbent
        return incumbent.value if incumbent is not None else 0.0

    @property
    def over(self) -> bool:
        incumbent = self.env.history.incumbent
        return self.played >= self.turns or (incumbent is not None and incumbent.met)
