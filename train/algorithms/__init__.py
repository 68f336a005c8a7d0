"""An algorithm says which trajectories a task is played with, and what each action is credited with."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from eda_agent.train.advantages import Estimator
from eda_agent.train.credit import Credit
from eda_agent.train.samples import Trajectory


@dataclass(frozen=True)
class Plan:
    """`trajectories` a task, each of at most `turns` turns, at each of which `group` actions are sampled. All of them are simulated.

    `tasks`: how many stand for one, so that every algorithm simulates as much.
    """

    tasks: int
    trajectories: int
    turns: int
    group: int


class Algorithm(Protocol):
    """A module of this package."""

    def plan(self, turns: int, group: int) -> Plan: ...

    def assign(self, trajectories: Sequence[Trajectory], estimate: Estimator, credit: Credit) -> None:
        """Fill in the advantages of the trajectories of one task."""


ALGORITHMS = ("tl_grpo", "grpo", "single_turn_grpo")


def algorithm(name: str) -> Algorithm:
    """The algorithm of that name."""
    return cast(Algorithm, importlib.import_module(f"eda_agent.train.algorithms.{name}"))
