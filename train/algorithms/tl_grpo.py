"""Turn-level GRPO (arXiv 2601.16480): every turn of a trajectory is a separate group.

One trajectory of T turns is sampled. For the history h_t of each turn, G actions are drawn and simulated, and

    A_t^i = (r_t^i − mean_i r_t^i) / std_i r_t^i

is the advantage of the tokens of action i of turn t, in a surrogate clipped at 0.2 below and 0.28 above, averaged over
all tokens.

Differences from the paper, and open points: the trajectory's own action is one of the G, which saves one simulation per
turn; the reward is the product's score; a trajectory ends with the turn that meets every spec; std is TRL's
(`advantages`); the credit of an action (`credit`) and the comparison of a group (`advantages`) are configurable; there
is no KL term unless the recipe asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eda_agent.train.advantages import Estimator, compare
from eda_agent.train.algorithms import Plan
from eda_agent.train.credit import Credit
from eda_agent.train.samples import Trajectory


def plan(turns: int, group: int) -> Plan:
    """T · G simulations per task: one trajectory, G actions per turn."""
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
