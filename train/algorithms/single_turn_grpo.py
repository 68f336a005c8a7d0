"""Single-turn GRPO (arXiv 2402.03300 on this problem): G actions from the baseline, no later turns; the policy never
sees a result.

With equal simulations it plays T times as many tasks as TL-GRPO.
"""

from __future__ import annotations

from eda_agent.train.algorithms import Plan
from eda_agent.train.algorithms.tl_grpo import assign as assign


def plan(turns: int, group: int) -> Plan:
    """G simulations per task, T times as many tasks."""
    return Plan(tasks=turns, trajectories=1, turns=1, group=group)
