"""Steering is the state of a loop that the user may change: policy, budget, targets, ranges, and the turn from which it
continues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice

from eda_agent.agent.commands import Command
from eda_agent.agent.control import Control
from eda_agent.agent.edit import EDITS, apply_edit, complete_sizing, resolve_command
from eda_agent.agent.history import compact_turns
from eda_agent.agent.player import Player
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.turn import Proposal, Turn, rescore
from eda_agent.errors import EdaAgentError
from eda_agent.problem.spec import Budget, Problem
from eda_agent.stop_reasons import USER

MakePolicy = Callable[[str, Mapping[str, str]], Policy]


class Steering:
    """The steerable state of a loop, and the commands that change it.

    Attributes:
        policy: proposes within `budget`.
        paused: nothing is played.
        review: the user decides on each proposal.
        undo_stack: turns that were set aside, one list per `back`.
        original_problem: the problem without the user's edits.
        make_policy: creates a policy for the command `policy`; without it that command has no effect.
    """

    def __init__(
        self,
        player: Player,
        control: Control,
        policy: Policy,
        budget: Budget,
        *,
        original_problem: Problem | None = None,
        make_policy: MakePolicy | None = None,
        undo_stack: Iterable[Iterable[Turn]] = (),
        review: bool = False,
    ):
        self.player, self.env, self.emit, self.control = player, player.env, player.emit, control
        self.policy, self.budget = policy, budget
        self.original_problem = original_problem or player.env.problem
        self.make_policy = make_policy
        self.undo_stack = [compact_turns(turns) for turns in undo_stack]
        self.review, self.paused = review, False

    def obey(self, commands: Sequence[Command]) -> None:
        """Execute commands; a command that cannot be executed becomes a warning."""
        for command in commands:
            try:
                self._do(command)
            except EdaAgentError as error:
                self.emit("log", level="warning", message=str(error))

    def reviewed(self) -> bool:
        """Wait for the user's decision on the pending proposal; returns whether it is played now."""
        while not self.control.stop and self.review and not self.paused and self.player.pending:
            for command in self.control.wait():
                if command.do in {"accept", "edit"}:
                    try:
                        self._accept(command)
                    except EdaAgentError as error:
                        self.emit("log", level="warning", message=str(error))
                        continue
                    return True
                self.obey([command])
        return not self.review and bool(self.player.pending) and not self.control.stop and not self.paused

    def _accept(self, command: Command) -> None:
        proposal = self.player.pending[0]
        if command.do == "edit":
            rest = proposal.sizing or self.player.best_sizing
            sizing = complete_sizing(self.env.problem, command.fields["sizing"], rest)
            self.player.replace_pending(
                Proposal(sizing, f"edited from: {proposal.reasoning}".rstrip(": "), policy=USER)
            )

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
                if self.player.pending:
                    self._reject(fields.get("why", ""))
            case "hint":
                self.env.hint(fields["text"])
                self.emit("hint", text=fields["text"])
            case "spend":
                self.budget = replace(self.budget, simulations=fields["simulations"])
                self.emit("budget.changed", simulations=self.budget.simulations)
            case "try":
                self._try(fields["sizing"], unless_met=fields.get("unless_met", False))
            case "policy":
                self._switch(fields["name"], fields.get("options", {}))
            case "back":
                self._back(fields["turn"])
            case "return":
                self._return()
            case do if do in EDITS:
                self._edit(command)

    def _try(self, given: Mapping[str, float], *, unless_met: bool) -> None:
        best = self.env.history.incumbent
        if unless_met and best is not None and best.met and self.budget.until == "met":
            sizes = ", ".join(f"{name}={value}" for name, value in given.items())
            said = f"{sizes} was not simulated, because turn {best.index} meets every spec"
            self.emit("log", level="info", message=said)
            return
        sizing = complete_sizing(self.env.problem, given, self.player.best_sizing)
        self.player.drop_pending()
        self.player.replace_pending(Proposal(sizing, "tried by hand", policy=USER))
        self.player.play()

    def _reject(self, why: str) -> None:
        self.player.drop_pending()
        # the policy must not see the same history again, or it would repeat its proposal
        self.env.hint(f"the previous proposal was rejected{f': {why}' if why else ''}")
        self.env.append(
            Turn(
                len(self.env.history.turns),
                Proposal(None, error=f"rejected{f': {why}' if why else ''}", policy=USER),
                None,
                None,
                None,
            )
        )
        self.emit("turn.evaluated", turn=self.env.history.turns[-1])

    def _switch(self, name: str, options: Mapping[str, str]) -> None:
        if self.make_policy is None:
            return
        policy = self.make_policy(name, options)
        self.player.drop_pending()
        index = len(self.env.history.turns)
        self.emit(
            "policy.changed",
            index=index,
            before=self.policy.name,
            after=policy.name,
            reason=USER,
            name=name,
            options=options,
        )
        self.policy = policy

    def _edit(self, command: Command) -> None:
        if command.do == "lock" and "value" not in command.fields:
            # with its value, so that a resumed run locks the same value
            command = Command(
                "lock", {**command.fields, "value": self.player.best_sizing.get(command.fields["parameter"], 0.0)}
            )
        command = resolve_command(self.env.problem, command)
        problem = apply_edit(self.env.problem, self.original_problem, command)
        self.player.drop_pending()
        before = self.env.history.incumbent
        self.env.ask(problem)
        self.emit("problem.changed", order=command.data(), problem=problem, turns=self.env.history.turns)
        self.player.report_best(before, always=True)

    def _back(self, turn: int) -> None:
        turns = self.env.history.turns
        if turn >= len(turns) - 1:
            return
        self.player.drop_pending()
        self.undo_stack.append(compact_turns(islice(turns, turn + 1, None)))
        self.env.rewind(islice(turns, turn + 1))
        self.emit("branched", turn=turn, left=len(self.undo_stack[-1]))
        self.player.report_best(None, always=True)

    def _return(self) -> None:
        """Restore the turns of the last `back`; the later turns are set aside in exchange."""
        if not self.undo_stack:
            return
        self.player.drop_pending()
        turns = self.undo_stack.pop()
        first = turns[0].index
        now = self.env.history.turns
        if len(now) > first:
            self.undo_stack.append(compact_turns(islice(now, first, None)))
        self.env.rewind(chain(islice(now, first), (rescore(self.env.problem, turn) for turn in turns)))
        self.emit("returned", turn=first)
        self.player.report_best(None, always=True)
