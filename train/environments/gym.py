"""The sizing game as a Gymnasium environment: an action is a point of the design space, the reward is the gain of the
best score.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.score import margin
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Simulator
from eda_agent.train.environments.game import Game

Real = NDArray[np.float32]


class SizingEnv(gymnasium.Env[Real, Real]):
    """`tasks` gives problem and simulator of an episode from a random generator.

    Action: a position in [0, 1] for every parameter, on its scale. Observation, float32: for the last and the best turn
    the positions and the specs' signed margins (clipped to [−1, 1]), then the best score. Reward: max(0, score −
    previous best), so that an episode's return is its best turn's gain. Terminated when every spec is met, truncated
    after `turns`.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, tasks: Callable[[np.random.Generator], tuple[Problem, Simulator]], turns: int = 10):
        self.tasks, self.turns = tasks, turns
        problem, _ = tasks(np.random.default_rng(0))
        count, specs = len(problem.space.parameters), len(problem.specs)
        self.action_space = gymnasium.spaces.Box(0.0, 1.0, (count,), np.float32)
        low = np.concatenate([np.zeros(count), -np.ones(specs), np.zeros(count), -np.ones(specs), np.zeros(1)])
        self.observation_space = gymnasium.spaces.Box(low.astype(np.float32), np.ones_like(low, dtype=np.float32))
        self._game: Game | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Real, dict[str, Any]]:
        super().reset(seed=seed)
        problem, simulator = self.tasks(self.np_random)
        self._game = Game(problem, simulator, self.turns)
        return self._observation(), {}

    def step(self, action: Real) -> tuple[Real, float, bool, bool, dict[str, Any]]:
        assert self._game is not None, "call reset first"
        before = self._game.best
        turn = self._game.size(self._game.env.problem.space.from_unit(np.clip(action, 0.0, 1.0).tolist()))
        met = self._game.best >= 1.0
        return (
            self._observation(),
            max(0.0, turn.value - before),
            met,
            not met and self._game.over,
            {"score": turn.value, "sizing": turn.sizing},
        )

    def _observation(self) -> Real:
        assert self._game is not None
        history = self._game.env.history
        parts = []
        for turn in (history.turns[-1], history.incumbent or history.turns[0]):
            assert turn.sizing is not None and turn.score is not None
            parts.append(history.problem.space.to_unit(turn.sizing))
            parts.append(
                [
                    margin(spec, result.value, result.bound)
                    for spec, result in zip(history.problem.specs, turn.score.results, strict=True)
                ]
            )
        return np.clip(np.concatenate([*parts, [self._game.best]]), -1.0, 1.0).astype(np.float32)
