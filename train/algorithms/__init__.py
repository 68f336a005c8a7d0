"""An algorithm defines the trajectories of a task and the credit of each action."""

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
    """`trajectories` per task, each of at most `turns` turns, with `group` sampled actions per turn. All of them are
    simulated.

    `tasks`: number of tasks that replace one, so that every algorithm simulates the same amount.
    """

    tasks: int
    trajectories: int
    turns: int
    group: int


class Algorithm(Protocol):
    """A module of this package."""

    def plan(self, turns: int, group: int) -> Plan: ...

    def assign(self, trajectories: Sequence[Trajectory], estimate: Estimator, credit: Credit) -> None:
        """Set the advantages of the trajectories of one task."""


ALGORITHMS = ("tl_grpo", "grpo", "single_turn_grpo")


def algorithm(name: str) -> Algorithm:
    """The algorithm of that name."""
    return cast(Algorithm, importlib.import_module(f"eda_agent.train.algorithms.{name}"))
