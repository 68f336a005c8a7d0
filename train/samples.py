"""A sample is one action of a policy: its tokens, their log-probabilities when sampled, and its reward.

Samples of the same history form a group; the groups of a trajectory form its record; a task has one or more
trajectories.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class Sample:
    """One action of a policy.

    Attributes:
        inputs: (length, or length × columns) the tokens that a model reads, the history first.
        targets: (n) the answer; each of the last n inputs predicts one.
        logprobs: (n) natural log, as sampled.
        legal: the allowed answers, booleans (n × vocabulary) or bits (n × words, int32), None for everything.
        reward: in [0, 1].
        truncated: the answer was cut off and is not learnt.
        repeated: the trajectory had this design before.
        advantage: set by an algorithm; None if the group has no difference, and is not learnt.
        outcomes: the questions about the action's results with the right answers, for a policy with such questions.
    """

    inputs: NDArray[np.integer[Any]]
    targets: NDArray[np.integer[Any]]
    logprobs: NDArray[np.float32]
    legal: NDArray[np.bool_] | NDArray[np.int32] | None = None
    reward: float = 0.0
    truncated: bool = False
    repeated: bool = False
    advantage: float | None = None
    outcomes: tuple[Sample, ...] = ()


@dataclass(eq=False)
class Group:
    """The samples of one history. The first is the trajectory's own action. `before`: score of the incumbent before
    it.
    """

    samples: list[Sample]
    before: float

    @property
    def rewards(self) -> NDArray[np.float64]:
        return np.array([sample.reward for sample in self.samples], dtype=np.float64)


@dataclass(eq=False)
class Trajectory:
    """`groups`: one per turn. `circuit`, `task`: where it was played. `best`: score of its best turn, including the
    baseline.
    """

    circuit: str
    task: str
    groups: list[Group] = field(default_factory=list)
    best: float = 0.0

    @property
    def samples(self) -> list[Sample]:
        return [sample for group in self.groups for sample in group.samples]
