"""The loop plays a policy's proposals until there is a reason to stop; between turns it executes the user's commands.

It emits events as they happen. Views, journals and resumed runs are built from these events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.player import Emit, Player
from eda_agent.agent.policies.base import Metered, Policy
from eda_agent.agent.steering import MakePolicy, Steering
from eda_agent.agent.stopping import stop_reason
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Budget, Problem
from eda_agent.stop_reasons import BUDGET, NO_PROGRESS


def run_loop(
    env: Environment,
    policy: Policy,
    budget: Budget,
    emit: Emit,
    control: Control,
    pending: Sequence[Proposal] = (),
    *,
    width: int = 1,
) -> str:
    """Run to the end and return the stop reason. See `Loop`."""
    return Loop(env, policy, budget, emit, control, pending, width=width).run()


class Loop:
    """The loop of one run.

    Args:
        pending: proposals that were made but not played when the run was interrupted.
        width: number of proposals requested and simulated at once, each as a turn, from a policy that has several.
        last_reported_best: index of the last reported best turn of a resumed run (−1 for none).

    The other arguments are state that the user may change: see `Steering`.
    """

    def __init__(
        self,
        env: Environment,
        policy: Policy,
        budget: Budget,
        emit: Emit,
        control: Control,
        pending: Sequence[Proposal] = (),
        *,
        width: int = 1,
        original_problem: Problem | None = None,
        make_policy: MakePolicy | None = None,
        undo_stack: Iterable[Iterable[Turn]] = (),
        review: bool = False,
        last_reported_best: int | None = None,
    ):
        self.env, self.emit, self.control = env, emit, control
        self.width, self.last_reported_best = width, last_reported_best
        self.player = Player(env, emit, pending)
        self.steering = Steering(
            self.player,
            control,
            policy,
            budget,
            original_problem=original_problem,
            make_policy=make_policy,
            undo_stack=undo_stack,
            review=review,
        )

    def run(self) -> str:
        """Run to the end and return the stop reason."""
        player, steering = self.player, self.steering
        begun = self._start()
        while True:
            steering.obey(self.control.take())
            if steering.paused and not self.control.stop:
                steering.obey(self.control.wait())
                continue
            reason = stop_reason(self.env.history, steering.budget, self.control, begun)
            if reason:
                return reason
            if not player.pending:
                if ended := self._ended(steering.policy):
                    return ended
                left = steering.budget.simulations - self.env.history.simulations
                most = 1 if steering.review else left
                player.propose(steering.policy, min(self.width, most), most)
            if steering.review and not steering.reviewed():
                continue
            player.play()

    def _ended(self, policy: Policy) -> str:
        """The stop reason of a policy that proposes no more, or ""; it is said in words."""
        if not isinstance(policy, Metered) or not (policy.spent or policy.stuck):
            return ""
        self.emit("log", level="info", message=policy.spent or policy.stuck)
        return BUDGET if policy.spent else NO_PROGRESS

    def _start(self) -> int:
        """Play the baseline, or continue a run that has it, and report the best turn if it was not reported.

        Returns:
            the number of the turn from which "no progress" is counted. A run that ended without progress goes on when
            it is resumed; one that was interrupted ends at the turn at which it would have ended.
        """
        fresh = not self.env.history.turns
        baseline = self.player.start(self.steering.policy)
        if fresh:
            self.emit("baseline", turn=baseline)
            self.player.report_best(None)
            return 0
        best = self.env.history.incumbent
        if self.last_reported_best is not None and best is not None and best.index != self.last_reported_best:
            # the run ended between a turn and its event best.updated
            self.player.report_best(None)
        ended = stop_reason(self.env.history, self.steering.budget, self.control) == NO_PROGRESS
        return len(self.env.history.turns) if ended else 0
