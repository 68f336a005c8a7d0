"""The loop asks a policy for proposals and plays them until a reason to stop; between turns it takes the user's commands.

It emits what happens as it happens (`Emit`); everything that is shown or kept is made from those events, and so is a resumed run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Protocol

from eda_agent.agent.commands import Command
from eda_agent.agent.control import Control
from eda_agent.agent.edit import EDITS, apply_edit, complete_sizing, resolve_command
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History, compact_turns
from eda_agent.agent.policies.base import ManyPolicy, Policy, PreparedPolicy
from eda_agent.agent.turn import Proposal, Turn, rescore
from eda_agent.errors import EdaAgentError
from eda_agent.interrupts import DeferInterrupts
from eda_agent.problem.spec import Budget, Problem

FAILED_IN_A_ROW = 20
"""Turns without a usable sizing after which a policy is given up."""
USER = "user"
"""Policy name of proposals that the user made."""

MakePolicy = Callable[[str, Mapping[str, str]], Policy]


class Emit(Protocol):
    """`emit("turn.evaluated", turn=…)`; `eda_agent.record` turns the objects into JSON."""

    def __call__(self, type: str, /, **fields: Any) -> None: ...


def run_loop(
    env: Environment, policy: Policy, budget: Budget, emit: Emit, control: Control, pending: Sequence[Proposal] = (), *, width: int = 1
) -> str:
    """Run to the end and give the reason: met, budget, no progress, or user. See `Loop`."""
    return Loop(env, policy, budget, emit, control, pending, width=width).run()


class Loop:
    """`pending` are proposals that were made but not played when the run was last interrupted. `width`: proposals asked for and simulated at
    once, each a turn of its own, of a policy that has several to give. `original_problem`: the problem without the user's edits. `make_policy`:
    for the command that changes it. `undo_stack`: turns that were set aside, one list for each time that the user went back. `last_reported_best`: the turn that was last
    said to be the best, of a run that goes on (−1 for none).
    """

    def __init__(
        self, env: Environment, policy: Policy, budget: Budget, emit: Emit, control: Control, pending: Sequence[Proposal] = (), *, width: int = 1,
        original_problem: Problem | None = None, make_policy: MakePolicy | None = None, undo_stack: Iterable[Iterable[Turn]] = (), review: bool = False, last_reported_best: int | None = None,
    ):  # fmt: skip
        self.env, self.policy, self.budget, self.emit, self.control = env, policy, budget, emit, control
        self.pending = list(pending)
        self.width = width
        self.original_problem = original_problem or env.problem
        self.make_policy = make_policy
        self.undo_stack = [compact_turns(turns) for turns in undo_stack]
        self.review, self.paused, self.last_reported_best = review, False, last_reported_best

    def run(self) -> str:
        fresh = not self.env.history.turns
        baseline = self._start()
        if fresh:
            self.emit("baseline", turn=baseline)
            self._tell_best(None)
        elif (
            self.last_reported_best is not None
            and (best := self.env.history.incumbent) is not None
            and best.index != self.last_reported_best
        ):
            # the run ended between a turn and the word that it is the best
            self._tell_best(None)
        while True:
            self._obey(self.control.take())
            if self.paused and not self.control.stop:
                self._obey(self.control.wait())
                continue
            reason = stop_reason(self.env.history, self.budget, self.control)
            if reason:
                return reason
            if not self.pending:
                self.pending = self._propose()
            if self.review and not self._reviewed():
                continue
            self._play()

    def _start(self) -> Turn:
        """The baseline; while it is simulated the policy prepares itself."""
        if not isinstance(self.policy, PreparedPolicy):
            return self.env.start()
        preparing = threading.Thread(target=self.policy.prepare, args=[self.env.problem], name="policy")
        with DeferInterrupts():
            preparing.start()
        try:
            return self.env.start()
        finally:
            preparing.join()

    def _propose(self) -> list[Proposal]:
        history = self.env.history
        width = 1 if self.review else min(self.width, self.budget.simulations - history.simulations)
        start = time.perf_counter()
        if width > 1 and isinstance(self.policy, ManyPolicy):
            proposals = self.policy.proposals(history)[:width]
        else:
            proposals = [self.policy.propose(history)]
        seconds = (time.perf_counter() - start) / len(proposals)
        index = len(history.turns)
        if proposals[0].handover:
            # nobody had the run before the first turn: the policy itself gives it away
            before = history.turns[-1].proposal.policy if index > 1 else self.policy.name
            self.emit("policy.changed", index=index, before=before, after=proposals[0].policy, reason=proposals[0].handover)
        for place, proposal in enumerate(proposals):
            self.emit("turn.proposed", index=index + place, proposal=proposal, seconds=seconds)
        return proposals

    def _play(self) -> None:
        proposals, self.pending = self.pending, []
        for turn in self.env.play_ahead(proposals):
            before = self.env.history.incumbent
            self.env.append(turn)
            if turn.evaluation is not None:
                for testbench, corner, failure in turn.evaluation.failures:
                    self.emit("sim.failed", index=turn.index, testbench=testbench, corner=corner, failure=failure)
            self.emit("turn.evaluated", turn=turn)
            self._tell_best(before)

    def _reviewed(self) -> bool:
        """Wait for a word on the pending proposal; whether it is to be played now."""
        while not self.control.stop and self.review and not self.paused and self.pending:
            for command in self.control.wait():
                if command.do in {"accept", "edit"}:
                    try:
                        self._accept(command)
                    except EdaAgentError as error:
                        self.emit("log", level="warning", message=str(error))
                        continue
                    return True
                self._obey([command])
        return not self.review and bool(self.pending) and not self.control.stop and not self.paused

    def _accept(self, command: Command) -> None:
        proposal = self.pending[0]
        if command.do == "edit":
            rest = proposal.sizing or self._best_sizing()
            sizing = complete_sizing(self.env.problem, command.fields["sizing"], rest)
            self.pending = [Proposal(sizing, f"edited from: {proposal.reasoning}".rstrip(": "), policy=USER)]
            self.emit("turn.proposed", index=len(self.env.history.turns), proposal=self.pending[0], seconds=0.0)

    def _obey(self, commands: Sequence[Command]) -> None:
        for command in commands:
            try:
                self._do(command)
            except EdaAgentError as error:
                self.emit("log", level="warning", message=str(error))

    def _do(self, command: Command) -> None:
        fields = command.fields
        match command.do:
            case "stop":
                self.control.stop = True
            case "pause" | "resume":
                self.paused = command.do == "pause"
                self.emit("run.paused" if self.paused else "run.resumed")
            case "review":
                self.review = fields["on"]
                self.emit("review", on=self.review)
            case "reject":
                if self.pending:
                    self._reject(fields.get("why", ""))
            case "hint":
                self.env.hint(fields["text"])
                self.emit("hint", text=fields["text"])
            case "spend":
                self.budget = Budget(fields["simulations"], self.budget.timeout, self.budget.patience, self.budget.until)
                self.emit("budget.changed", simulations=self.budget.simulations)
            case "try":
                sizing = complete_sizing(self.env.problem, fields["sizing"], self._best_sizing())
                self._drop_pending()
                self.pending = [Proposal(sizing, "tried by hand", policy=USER)]
                self.emit("turn.proposed", index=len(self.env.history.turns), proposal=self.pending[0], seconds=0.0)
                self._play()
            case "policy":
                self._switch(fields["name"], fields.get("options", {}))
            case "back":
                self._back(fields["turn"])
            case "return":
                self._return()
            case do if do in EDITS:
                self._edit(command)

    def _reject(self, why: str) -> None:
        self._drop_pending()
        # the policy must not see the same history again, or it would propose the same again
        self.env.hint(f"the proposal before was rejected{f': {why}' if why else ''}")
        self.env.append(
            Turn(len(self.env.history.turns), Proposal(None, error=f"rejected{f': {why}' if why else ''}", policy=USER), None, None, None)
        )
        self.emit("turn.evaluated", turn=self.env.history.turns[-1])

    def _drop_pending(self) -> None:
        if self.pending:
            self.emit("proposal.dropped", index=len(self.env.history.turns))
            self.pending = []

    def _best_sizing(self) -> Mapping[str, float]:
        best = self.env.history.incumbent
        return best.sizing if best is not None and best.sizing else self.env.problem.space.initial

    def _switch(self, name: str, options: Mapping[str, str]) -> None:
        if self.make_policy is None:
            return
        policy = self.make_policy(name, options)
        self._drop_pending()
        self.emit(
            "policy.changed",
            index=len(self.env.history.turns),
            before=self.policy.name,
            after=policy.name,
            reason=USER,
            name=name,
            options=options,
        )
        self.policy = policy

    def _edit(self, command: Command) -> None:
        if command.do == "lock" and "value" not in command.fields:
            # said in full, so that a resumed run locks the same
            command = Command("lock", {**command.fields, "value": self._best_sizing().get(command.fields["parameter"], 0.0)})
        command = resolve_command(self.env.problem, command)
        problem = apply_edit(self.env.problem, self.original_problem, command)
        self._drop_pending()
        before = self.env.history.incumbent
        self.env.ask(problem)
        self.emit("problem.changed", order=command.data(), problem=problem, turns=self.env.history.turns)
        self._tell_best(before, always=True)

    def _back(self, turn: int) -> None:
        turns = self.env.history.turns
        if turn >= len(turns) - 1:
            return
        self._drop_pending()
        self.undo_stack.append(compact_turns(islice(turns, turn + 1, None)))
        self.env.rewind(islice(turns, turn + 1))
        self.emit("branched", turn=turn, left=len(self.undo_stack[-1]))
        self._tell_best(None, always=True)

    def _return(self) -> None:
        """Put the turns of the last `back` in the place of those since, which are set aside in their turn."""
        if not self.undo_stack:
            return
        self._drop_pending()
        turns = self.undo_stack.pop()
        first = turns[0].index
        now = self.env.history.turns
        if len(now) > first:
            self.undo_stack.append(compact_turns(islice(now, first, None)))
        self.env.rewind(chain(islice(now, first), (rescore(self.env.problem, turn) for turn in turns)))
        self.emit("returned", turn=first)
        self._tell_best(None, always=True)

    def _tell_best(self, before: Turn | None, *, always: bool = False) -> None:
        best = self.env.history.incumbent
        if best is not None and (always or before is None or best.index != before.index):
            self.emit("best.updated", turn=best)


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
