"""Trajectory-level GRPO (arXiv 2402.03300): G complete trajectories of a task are one group, each with the value of its
best turn.

    A^i = (R^i − mean R) / std R,  R^i = max_t r_t^i

is the advantage of every token of trajectory i's actions. T · G simulations per task, as in TL-GRPO. A trajectory ends
with the turn that meets every spec.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eda_agent.train.advantages import Estimator, compare
from eda_agent.train.algorithms import Plan
from eda_agent.train.credit import Credit
from eda_agent.train.samples import Trajectory


def plan(turns: int, group: int) -> Plan:
    return Plan(tasks=1, trajectories=group, turns=turns, group=1)


def assign(trajectories: Sequence[Trajectory], estimate: Estimator, credit: Credit) -> None:
    """Credits are the trajectories' values: those of single turns (`credit`) have no meaning here."""
    values = np.array(
        [max(group.samples[0].reward for group in trajectory.groups) for trajectory in trajectories], dtype=np.float64
    )
    for trajectory, advantage in zip(trajectories, compare(values, estimate), strict=True):
        for sample in trajectory.samples:
            sample.advantage = advantage
