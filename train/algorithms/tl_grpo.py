"""Turn-level GRPO (arXiv 2601.16480): every turn of a trajectory is a group of its own.

One trajectory of T turns is sampled and cut at every turn; for each history h_t, G actions are drawn and simulated, and

    A_t^i = (r_t^i − mean_i r_t^i) / std_i r_t^i

goes to the tokens of action i of turn t alone, in a clipped surrogate with 0.2 below and 0.28 above, averaged over all tokens.

Differences from the paper, or what it leaves open: the trajectory's own action is one of the G, which saves a simulation a turn; the
reward is the product's score; a trajectory ends with the turn that meets every spec; std is that of TRL (`advantages`); what an action is
credited with may be changed (`credit`), and how a group is compared (`advantages`); no KL term unless the recipe asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eda_agent.train.advantages import Estimator, compare
from eda_agent.train.algorithms import Plan
from eda_agent.train.credit import Credit
from eda_agent.train.samples import Trajectory


def plan(turns: int, group: int) -> Plan:
    """T · G simulations a task: one trajectory, G actions a turn."""
    return Plan(tasks=1, trajectories=1, turns=turns, group=group)


def assign(trajectories: Sequence[Trajectory], estimate: Estimator, credit: Credit) -> None:
    for trajectory in trajectories:
        groups = trajectory.groups
        credits = credit.turns(
            [group.rewards for group in groups],
            [group.before for group in groups],
            [np.array([sample.repeated for sample in group.samples]) for group in groups],
        )
        for group, values in zip(groups, credits, strict=True):
            for sample, advantage in zip(group.samples, compare(values, estimate), strict=True):
                sample.advantage = advantage
