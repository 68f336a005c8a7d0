"""The universal policy searches any circuit with the universal surrogate as its prior, while the turns agree with it.

Unlike the surrogates of the embedded model, the universal surrogate needs no training on the circuit. Its weights come
from `python -m eda_agent.train.universal.learn`; the package has none.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eda_agent.agent.history import History
from eda_agent.agent.policies.surrogate_prior import JUDGED_AFTER
from eda_agent.agent.policies.trust import TrustRegion
from eda_agent.agent.policies.universal_prior import UniversalPrior, load_universal
from eda_agent.agent.turn import Proposal
from eda_agent.agent.universal.checkpoint import FILE, read_network
from eda_agent.errors import Finding, InputError
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem

PRIOR_TURNS = 60
"""Number of turns in which the prior is used: later the run's own turns are better."""
STUCK = 8
"""Number of turns without a better score after which every second turn ignores the prior."""
SIDE = 0.3
"""Initial side of the search's box, in units of the ranges."""
UNREADABLE = "the universal surrogate cannot read this circuit"
DISPROVED = "the first turns measured other values than the universal surrogate predicted"


class UniversalPolicy:
    """`model`: the folder or file of the weights. State between calls is only a cache."""

    name = "universal"

    def __init__(self, seed: int, model: str | None = None):
        if not model:
            raise InputError(
                "policy universal needs weights\n    → --model FOLDER, as `python -m eda_agent.train.universal.learn`"
                " wrote it"
            )
        path = Path(model)
        self.path = path / FILE if path.is_dir() else path
        if read_network(self.path) is None:
            raise InputError(
                Finding(
                    "there are no weights of a universal surrogate of this version",
                    self.path,
                    where="--model",
                    fix="make them with python -m eda_agent.train.universal.learn",
                )
            )
        self.search = TrustRegion(seed)
        self._met: tuple[Problem, UniversalPrior | None] | None = None
        self._judged: tuple[Problem, Sizing | None, bool] | None = None

    def prepare(self, problem: Problem) -> None:
        self.prior(problem)

    def propose(self, history: History) -> Proposal:
        """The most promising design by the prior, or by the turns alone; the first of those says why."""
        known = self.prior(history.problem)
        if known is None or history.incumbent is None:
            return self._named(
                self.search.propose(history), UNREADABLE if known is None and len(history.turns) == 1 else ""
            )
        if self.disproved(history):
            first = history.measured[JUDGED_AFTER - 1] + 1
            return self._named(
                self.search.search(history, first, SIDE), DISPROVED if len(history.turns) == first else ""
            )
        late = len(history.turns) > PRIOR_TURNS
        if late or (idle_turns(history) >= STUCK and len(history.turns) % 2):
            return self._named(self.search.search(history, 1, SIDE))
        return self._named(self.search.informed(history, 1, SIDE, known))

    def prior(self, problem: Problem) -> UniversalPrior | None:
        """The prior of a problem; None if the circuit cannot be read."""
        if self._met is None or self._met[0] is not problem:
            self._met = problem, load_universal(self.path, problem)
        return self._met[1]

    def disproved(self, history: History) -> bool:
        """Whether the first turns contradict the prior."""
        known = self.prior(history.problem)
        if known is None or len(history.measured) < JUDGED_AFTER:
            return False
        last = history.turns[history.measured[JUDGED_AFTER - 1]].sizing
        if self._judged is None or self._judged[0] is not history.problem or self._judged[1] != last:
            self._judged = history.problem, last, known.disproved(history)
        return self._judged[2]

    def _named(self, proposal: Proposal, why: str = "") -> Proposal:
        return replace(proposal, policy=self.name, handover=why)


def idle_turns(history: History) -> int:
    """Number of turns since the best one."""
    ranks = [rank for rank in history.rank_keys if rank is not None]
    return len(ranks) - 1 - max(range(len(ranks)), key=ranks.__getitem__, default=0)
