"""Stopping decides when a run ends, and why (`stop_reasons`)."""

from __future__ import annotations

from eda_agent.agent.control import Control
from eda_agent.agent.history import History
from eda_agent.problem.spec import Budget
from eda_agent.stop_reasons import BUDGET, MET, NO_PROGRESS, USER

FAILED_IN_A_ROW = 20
"""Number of consecutive turns without a usable sizing after which the run ends."""


def stop_reason(history: History, budget: Budget, control: Control, begun: int = 0) -> str:
    """Why the run should end now, or "". Turns before number `begun` are no reason for "no progress"."""
    best = history.incumbent
    if control.stop:
        return USER
    if best is not None and best.met and budget.until == "met":
        return MET
    # a policy that only fails must end too, so turns are limited as well as simulations
    if history.simulations >= budget.simulations or len(history.turns) > 2 * budget.simulations + FAILED_IN_A_ROW:
        return BUDGET
    idle = len(history.turns) - max(1 + (best.index if best else 0), begun)
    if budget.patience is not None and idle >= budget.patience:
        return NO_PROGRESS
    last = history.turns[begun:][-FAILED_IN_A_ROW:]
    if len(last) == FAILED_IN_A_ROW and all(turn.sizing is None for turn in last):
        return NO_PROGRESS
    return ""
