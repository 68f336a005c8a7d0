"""The sizing game for TRL's `environment_factory`: the model calls a tool with a sizing and reads the simulated
results.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from eda_agent.agent.prompt import turn_text
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Simulator
from eda_agent.train.environments.game import Game

MakeGame = Callable[..., tuple[Problem, Simulator]]


def environment_factory(tasks: MakeGame, turns: int = 10) -> Callable[[], SizingEnvironment]:
    """The argument of `GRPOTrainer(environment_factory=…)`. `tasks(**columns)`: problem and simulator for a row of the
    dataset.
    """
    return lambda: SizingEnvironment(tasks, turns)


class SizingEnvironment:
    """One game at a time; its public methods are the model's tools."""

    def __init__(self, tasks: MakeGame, turns: int):
        self._tasks, self._turns = tasks, turns
        self._game: Game | None = None

    def reset(self, **columns: Any) -> str:
        self._game = Game(*self._tasks(**columns), turns=self._turns)
        return "\n\n".join(message["content"] for message in self._game.messages())

    def propose_sizing(self, sizing: str) -> str:
        """
        Simulate a sizing of the circuit and read what it measures.

        Args:
            sizing: A JSON object with the value of every parameter, such as {"W1": "4.7u", "L1": "0.5u"}.
        """
        game = self._game
        if game is None or game.over:
            return "The task is over."
        turn = game.reply(json.dumps({"sizing": _object(sizing)}))
        if turn.sizing is None:
            return turn.proposal.error
        return turn_text(game.env.problem, turn, None) + ("\nEvery spec is met." if turn.met else "")

    def get_reward(self) -> float:
        """The score of the best turn."""
        return self._game.best if self._game is not None else 0.0


def _object(text: object) -> object:
    if isinstance(text, str):
        try:
            return json.loads(text)
        except ValueError:
            return {}
    return text
