"""The auto policy alternates between a model and a search around the best sizing.

The model is the embedded one, one in a folder (`model`), or a language model behind an endpoint. The search is `trust`;
it sees all turns and weighs the model's proposals beside its own candidates. A phase ends when its owner gains no more
or has used its turns. If the embedded model was trained on the circuit's structure, the search proposes first and uses
the surrogate prior (`surrogate_prior`), unless the first turns contradict it. The owner of the run follows from the
turns alone (`handover`), so a resumed run continues in the same way.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eda_agent.agent.history import History
from eda_agent.agent.policies import surrogate_checkpoint
from eda_agent.agent.policies.base import ManyPolicy, Policy, PreparedPolicy
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.compact import CompactPolicy
from eda_agent.agent.policies.embedded import EmbeddedPolicy, shipped_model
from eda_agent.agent.policies.handover import Phase, current_phase
from eda_agent.agent.policies.surrogate_prior import JUDGED_AFTER, SurrogatePrior, load_prior
from eda_agent.agent.policies.trust import TrustRegion
from eda_agent.agent.turn import Proposal
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem

PATIENCE = {"model": 5, "search": 15}
"""Turns without gain before a hand-over."""
MAX_TURNS = {"model": 6}
"""Maximum turns of the embedded model in a phase: as many as in its training. The search, which weighs the model's
proposals beside others, solves more from there on (80 % instead of 64 % within 10 simulations, on targets of the
learned circuits that appear in no table).
"""
PRIOR_TURNS = 60
"""Number of turns during which the prior of other conditions is used; later the run's own turns are better."""
DISPROVED = "the first turns measured other values than designs of the same structure"
SIDE = 0.3
"""Side of the search's box when it takes over, in units of the ranges."""


class AutoPolicy:
    name = "auto"

    def __init__(self, seed: int, model: str | None = None, endpoint: str | None = None, request_seed: bool = True):
        self.model: Policy = (
            ChatPolicy(seed, endpoint, model, request_seed=request_seed)
            if endpoint is not None
            else EmbeddedPolicy(seed, model)
        )
        self.search = TrustRegion(seed)
        self._surrogates: Path | None = (
            None if endpoint is not None or model is not None else shipped_model() / surrogate_checkpoint.FILE
        )
        self._met: tuple[Problem, SurrogatePrior | None] | None = None
        self._judged: tuple[Problem, Sizing | None, bool] | None = None
        self._names = {self.model.name: "model", self.search.name: "search"}

    @property
    def settings(self) -> dict[str, str]:
        """Settings of the endpoint, if there is one."""
        return self.model.settings if isinstance(self.model, ChatPolicy) else {}

    def prepare(self, problem: Problem) -> None:
        if isinstance(self.model, PreparedPolicy):
            self.model.prepare(problem)
        self._prior(problem)

    def propose(self, history: History) -> Proposal:
        return self.proposals(history)[0]

    def proposals(self, history: History) -> list[Proposal]:
        unreadable = self.model.unreadable(history.problem) if isinstance(self.model, CompactPolicy) else ""
        if unreadable:
            # the search owns every turn
            phase, found = Phase("search", 1, unreadable), [self.search.propose(history)]
        else:
            phase = self._phase(history)
            found = self._by_model(history) if phase.owner == "model" else [self._by_search(history, phase.start_turn)]
        return [replace(found[0], handover=phase.why if phase.start_turn == len(history.turns) else ""), *found[1:]]

    def _by_model(self, history: History) -> list[Proposal]:
        return self.model.proposals(history) if isinstance(self.model, ManyPolicy) else [self.model.propose(history)]

    def _by_search(self, history: History, start_turn: int) -> Proposal:
        # candidates from an endpoint would cost one request per turn
        others = self.model.proposals(history) if isinstance(self.model, ManyPolicy) else []
        sizings = [proposal.sizing for proposal in others if proposal.sizing is not None]
        known = self._believed(history)
        if known is not None and history.incumbent is not None and len(history.turns) <= PRIOR_TURNS:
            return self.search.informed(history, start_turn, SIDE, known, sizings)
        return self.search.search(history, start_turn, SIDE, sizings)

    def _prior(self, problem: Problem) -> SurrogatePrior | None:
        if self._met is None or self._met[0] is not problem:
            self._met = problem, None if self._surrogates is None else load_prior(self._surrogates, problem)
        return self._met[1]

    def _believed(self, history: History) -> SurrogatePrior | None:
        """The prior, unless the first turns contradict it."""
        known = self._prior(history.problem)
        if known is None or len(history.measured) < JUDGED_AFTER:
            return known
        last = history.turns[history.measured[JUDGED_AFTER - 1]].sizing
        if self._judged is None or self._judged[0] is not history.problem or self._judged[1] != last:
            self._judged = history.problem, last, known.disproved(history)
        return None if self._judged[2] else known

    def _phase(self, history: History) -> Phase:
        """The present phase, of a problem that the model can read."""
        # a language model continues as long as it gains
        longest = MAX_TURNS if isinstance(self.model, CompactPolicy) else None
        if self._believed(history) is not None:
            return current_phase(history, ("search", "model"), PATIENCE, self._names, longest)
        phase = current_phase(history, ("model", "search"), PATIENCE, self._names, longest)
        if self._prior(history.problem) is not None and phase.start_turn == 1:
            # the search's turns that contradicted the prior belong to no phase
            return replace(phase, start_turn=history.measured[JUDGED_AFTER - 1] + 1, why=DISPROVED)
        return phase
