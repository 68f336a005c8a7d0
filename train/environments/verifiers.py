"""The sizing game as a verifiers environment: a conversation in which every prompt is the product's, built from the
history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import verifiers.legacy as vf
from datasets import Dataset
from verifiers.legacy.utils.message_utils import maybe_normalize_messages

from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Simulator
from eda_agent.train.environments.game import Game


class SizingGame(vf.MultiTurnEnv):
    """`tasks(name)`: problem and simulator of a task. The reward is the best turn's score."""

    def __init__(
        self, tasks: Callable[[str], tuple[Problem, Simulator]], names: list[str], turns: int = 10, **options: Any
    ):
        self._tasks = tasks
        # an initial prompt is required; the real one is made when the game is set up
        data = Dataset.from_list(
            [{"prompt": [{"role": "user", "content": name}], "info": {"name": name}} for name in names]
        )
        rubric = vf.Rubric(funcs=[_best])
        super().__init__(max_turns=turns, dataset=data, eval_dataset=data, rubric=rubric, **options)

    async def setup_state(self, state: Any) -> Any:
        problem, simulator = self._tasks(state["info"]["name"])
        # the simulator blocks: other games continue meanwhile
        state["game"] = await asyncio.to_thread(Game, problem, simulator, self.max_turns)
        return state

    async def get_prompt_messages(self, state: Any) -> Any:
        trajectory = state["trajectory"]
        if trajectory:
            await asyncio.to_thread(state["game"].reply, str(trajectory[-1]["completion"][-1].content))
        return maybe_normalize_messages(state["game"].messages(), field_name="prompt")

    async def env_response(self, messages: Any, state: Any, **kwargs: Any) -> Any:
        return state["game"].messages()

    @vf.stop
    async def over(self, state: Any) -> bool:
        game = state.get("game")
        return game is not None and game.over

    @vf.cleanup
    async def last_reply(self, state: Any) -> None:
        """Play the last answer, which no further prompt follows."""
        game, trajectory = state.get("game"), state["trajectory"]
        if game is not None and len(trajectory) > game.played and not game.over:
            await asyncio.to_thread(game.reply, str(trajectory[-1]["completion"][-1].content))
        state["best"] = game.best if game is not None else 0.0
        state.pop("game", None)


async def _best(state: Any) -> float:
    return float(state.get("best", 0.0))
