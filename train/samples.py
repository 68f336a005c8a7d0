"""A sample is one action of a policy: its tokens, the log-probabilities they were drawn with, and the reward they earned.

Samples of the same history form a group; the groups along one trajectory form a record of it; a task has one trajectory or several.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class Sample:
    """`inputs` (length, or length × columns): the tokens a model reads, those of the history first. `targets` (n): what was answered,
    of which the last n inputs each predict one. `logprobs` (n): as they were sampled, natural log. `legal`: what could have
    been answered, booleans (n × vocabulary) or bits (n × words, int32), None for everything.

    `reward` in [0, 1]. `truncated`: the answer was cut off, and teaches nothing. `repeated`: the trajectory had this design before.
    `advantage` is filled in by an algorithm; None where the group shows no difference, and teaches nothing. `outcomes`: the questions what
    comes of the action, with the answers that were right, for a policy that is asked.
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
    """The samples of one history. The first is the trajectory's own action. `before`: score of the incumbent until then."""

    samples: list[Sample]
    before: float

    @property
    def rewards(self) -> NDArray[np.float64]:
        return np.array([sample.reward for sample in self.samples], dtype=np.float64)


@dataclass(eq=False)
class Trajectory:
    """`groups`: one a turn. `circuit`, `task`: what it was played on. `best`: score of its best turn, the baseline's among them."""

    circuit: str
    task: str
    groups: list[Group] = field(default_factory=list)
    best: float = 0.0

    @property
    def samples(self) -> list[Sample]:
        return [sample for group in self.groups for sample in group.samples]
