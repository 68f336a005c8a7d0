"""A player asks a policy for proposals and plays them as turns. It emits events as they happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.base import ManyPolicy, Policy, PreparedPolicy
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.interrupts import DeferInterrupts


class Emit(Protocol):
    """`emit("turn.evaluated", turn=…)`; `eda_agent.record` turns the objects into JSON."""

    def __call__(self, type: str, /, **fields: Any) -> None: ...


class Player:
    """`pending`: proposals that were made and not played yet."""

    def __init__(self, env: Environment, emit: Emit, pending: Iterable[Proposal] = ()):
        self.env, self.emit = env, emit
        self.pending = list(pending)

    def start(self, policy: Policy) -> Turn:
        """Play the baseline; the policy prepares itself during its simulation."""
        if not isinstance(policy, PreparedPolicy):
            return self.env.start()
        preparing = threading.Thread(target=policy.prepare, args=[self.env.problem], name="policy")
        with DeferInterrupts():
            preparing.start()
        try:
            return self.env.start()
        finally:
            preparing.join()

    def propose(self, policy: Policy, width: int, most: int = 1) -> None:
        """Ask for at most `width` proposals and make them pending; of those that belong together (`Proposal.batch`) at
        most `most`.
        """
        history = self.env.history
        start = time.perf_counter()
        if isinstance(policy, ManyPolicy) and (width > 1 or (most > 1 and getattr(policy, "batches", False))):
            proposals = policy.proposals(history)
            proposals = proposals[: max(width, min(proposals[0].batch, most))]
        else:
            proposals = [policy.propose(history)]
        seconds = (time.perf_counter() - start) / len(proposals)
        index = len(history.turns)
        if proposals[0].handover:
            # before the first turn there is no owner: the policy itself reports the hand-over
            before = history.turns[-1].proposal.policy if index > 1 else policy.name
            self.emit(
                "policy.changed", index=index, before=before, after=proposals[0].policy, reason=proposals[0].handover
            )
        for place, proposal in enumerate(proposals):
            self.emit("turn.proposed", index=index + place, proposal=proposal, seconds=seconds)
        self.pending = proposals

    def replace_pending(self, proposal: Proposal) -> None:
        """Replace the pending proposals by a proposal of the user."""
        self.pending = [proposal]
        self.emit("turn.proposed", index=len(self.env.history.turns), proposal=proposal, seconds=0.0)

    def drop_pending(self) -> None:
        """Drop the pending proposals."""
        if self.pending:
            self.emit("proposal.dropped", index=len(self.env.history.turns))
            self.pending = []

    def play(self) -> None:
        """Play the pending proposals, each as a turn."""
        proposals, self.pending = self.pending, []
        for turn in self.env.play_ahead(proposals):
            before = self.env.history.incumbent
            self.env.append(turn)
            if turn.evaluation is not None:
                for testbench, corner, failure in turn.evaluation.failures:
                    self.emit("sim.failed", index=turn.index, testbench=testbench, corner=corner, failure=failure)
            self.emit("turn.evaluated", turn=turn)
            self.report_best(before)

    def report_best(self, before: Turn | None, *, always: bool = False) -> None:
        """Emit the incumbent if it differs from `before`, or `always`."""
        best = self.env.history.incumbent
        if best is not None and (always or before is None or best.index != before.index):
            self.emit("best.updated", turn=best)

    @property
    def best_sizing(self) -> Mapping[str, float]:
        """The incumbent's sizing, or the starting sizes."""
        best = self.env.history.incumbent
        return best.sizing if best is not None and best.sizing else self.env.problem.space.initial
