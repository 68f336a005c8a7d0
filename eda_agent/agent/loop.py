"""The loop asks a policy for proposals and plays them until a reason to stop.

It emits what happens as it happens (`Emit`); everything that is shown or kept is made from those events.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.base import ManyPolicy, Policy
from eda_agent.agent.turn import History, Proposal, Turn
from eda_agent.problem.spec import Budget

FAILED_IN_A_ROW = 20
"""Turns without a usable sizing after which a policy is given up."""


class Emit(Protocol):
    """`emit("turn.evaluated", turn=…)`; `eda_agent.record` turns the objects into JSON."""

    def __call__(self, type: str, /, **fields: Any) -> None: ...


@dataclass
class Control:
    """What the user may ask of a running loop; looked at between turns."""

    stop: bool = False


def run_loop(
    env: Environment, policy: Policy, budget: Budget, emit: Emit, control: Control, pending: Sequence[Proposal] = (), *, width: int = 1
) -> str:
    """Run to the end and give the reason: met, budget, no progress, or user.

    `pending` are proposals that were made but not played when the run was last interrupted. `width`: proposals asked for and simulated
    at once, each a turn of its own, of a policy that has several to give.
    """
    fresh = not env.history.turns
    baseline = env.start()
    if fresh:
        emit("baseline", turn=baseline)
        _tell_best(env.history, None, emit)
    while True:
        reason = stop_reason(env.history, budget, control)
        if reason:
            return reason
        if not pending:
            pending = _propose(env.history, policy, min(width, budget.simulations - env.history.simulations), emit)
        for turn in env.play_ahead(pending):
            before = env.history.incumbent
            env.append(turn)
            if turn.evaluation is not None:
                for testbench, corner, failure in turn.evaluation.failures:
                    emit("sim.failed", index=turn.index, testbench=testbench, corner=corner, failure=failure)
            emit("turn.evaluated", turn=turn)
            _tell_best(env.history, before, emit)
        pending = ()


def _propose(history: History, policy: Policy, width: int, emit: Emit) -> list[Proposal]:
    start = time.perf_counter()
    if width > 1 and isinstance(policy, ManyPolicy):
        proposals = policy.proposals(history)[:width]
    else:
        proposals = [policy.propose(history)]
    seconds = (time.perf_counter() - start) / len(proposals)
    index = len(history.turns)
    if proposals[0].handover and index > 1:
        last = history.turns[-1].proposal.policy
        emit("policy.changed", index=index, before=last, after=proposals[0].policy, reason=proposals[0].handover)
    for place, proposal in enumerate(proposals):
        emit("turn.proposed", index=index + place, proposal=proposal, seconds=seconds)
    return proposals


def stop_reason(history: History, budget: Budget, control: Control) -> str:
    """Why the run should end now, or ""."""
    best = history.incumbent
    if control.stop:
        return "user"
    if best is not None and best.met and budget.until == "met":
        return "met"
    # a policy that only fails must end too: turns are bounded as well as simulations
    if history.simulations >= budget.simulations or len(history.turns) > 2 * budget.simulations + FAILED_IN_A_ROW:
        return "budget"
    idle = len(history.turns) - 1 - (best.index if best else 0)
    if budget.patience is not None and idle >= budget.patience:
        return "no progress"
    last = history.turns[-FAILED_IN_A_ROW:]
    if len(last) == FAILED_IN_A_ROW and all(turn.sizing is None for turn in last):
        return "no progress"
    return ""


def _tell_best(history: History, before: Turn | None, emit: Emit) -> None:
    best = history.incumbent
    if best is not None and (before is None or best.index != before.index):
        emit("best.updated", turn=best)
