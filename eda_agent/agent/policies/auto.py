"""The auto policy alternates between a model and a search around the best sizing.

The model is the embedded one, one in a folder (`model`), or a language model behind an endpoint. The search is `trust`;
it sees all turns. A phase ends when its owner gains no more or has used its turns. A language model takes turns with
the search as `guest` says.

With the embedded model, the search proposes first and uses a prior (`prior_search`): the surrogate of the circuit's
structure (`surrogate_prior`) if the package has one, otherwise the universal surrogate (`universal_prior`). If the
first turns contradict them, the model proposes next, and the search uses the turns alone and weighs the model's
proposals beside its own candidates. The owner of the run follows from the turns alone (`phase`), so a resumed run
continues in the same way.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.policies import surrogate_checkpoint
from eda_agent.agent.policies.base import ManyPolicy, Policy, PreparedPolicy, Toolbox, ToolUser
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.compact import CompactPolicy
from eda_agent.agent.policies.embedded import EmbeddedPolicy, shipped_model
from eda_agent.agent.policies.guest import Guest
from eda_agent.agent.policies.phase import Phase, current_phase
from eda_agent.agent.policies.prior_search import Load, PriorSearch
from eda_agent.agent.policies.surrogate_prior import load_prior
from eda_agent.agent.policies.universal_prior import load_universal, shipped_weights
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem

PATIENCE = {"model": 5, "search": 15}
"""Turns without gain before a hand-over."""
MAX_TURNS = {"model": 6}
"""Maximum turns of the embedded model in a phase: as many as in its training. The search, which weighs the model's
proposals beside others, solves more from there on (80 % instead of 64 % within 10 simulations, on targets of the
learned circuits that appear in no table).
"""


def shipped_priors() -> list[Load]:
    """The loaders of the package's priors, the most specific first."""
    surrogates, universal = shipped_model() / surrogate_checkpoint.FILE, shipped_weights()
    found: list[Load] = [lambda problem: load_prior(surrogates, problem)]
    return [*found, lambda problem: load_universal(universal, problem)] if universal.is_file() else found


class AutoPolicy:
    name = "auto"

    def __init__(
        self,
        seed: int,
        model: str | None = None,
        endpoint: str | None = None,
        replay: Path | str | None = None,
        **options: Any,
    ):
        """`options`: of `ChatPolicy`, with an endpoint or a replay. Raises `InputError` if they are given without."""
        remote = endpoint is not None or replay is not None
        if options and not remote:
            raise InputError(f"{', '.join(sorted(options))}: options of an endpoint\n    → add --endpoint URL")
        self.model: Policy = (
            ChatPolicy(seed, endpoint, model, replay=replay, **options) if remote else EmbeddedPolicy(seed, model)
        )
        self.within = PriorSearch(seed, shipped_priors() if not remote and model is None else [])
        self.search = self.within.search
        self._names = {self.model.name: "model", self.search.name: "search"}
        self.guest = Guest(self.model) if isinstance(self.model, ChatPolicy) else None

    @property
    def settings(self) -> dict[str, str]:
        """Settings of the endpoint, if there is one."""
        return self.model.settings if isinstance(self.model, ChatPolicy) else {}

    @property
    def batches(self) -> bool:
        return self.guest is not None

    @property
    def spent(self) -> str:
        """Never: the search goes on without the language model."""
        return ""

    @property
    def stuck(self) -> str:
        return ""

    @property
    def bill(self) -> str:
        return self.model.bill if isinstance(self.model, ChatPolicy) else ""

    def equip(self, toolbox: Toolbox) -> None:
        if isinstance(self.model, ToolUser):
            self.model.equip(toolbox)

    def prepare(self, problem: Problem) -> None:
        if isinstance(self.model, PreparedPolicy):
            self.model.prepare(problem)
        self.within.loaded(problem)

    def propose(self, history: History) -> Proposal:
        return self.proposals(history)[0]

    def proposals(self, history: History) -> list[Proposal]:
        if self.guest is not None:
            return self.guest.proposals(history, lambda start: self.within.propose(history, start, []))
        phase = self._phase(history)
        found = self._by_model(history) if phase.owner == "model" else [self._by_search(history, phase.start_turn)]
        return [replace(found[0], handover=phase.why if phase.start_turn == len(history.turns) else ""), *found[1:]]

    def _by_model(self, history: History) -> list[Proposal]:
        return self.model.proposals(history) if isinstance(self.model, ManyPolicy) else [self.model.propose(history)]

    def _by_search(self, history: History, start_turn: int) -> Proposal:
        known = self.within.believed(history)
        if known is None and self._unreadable(history.problem) and start_turn == 1:
            return self.search.propose(history)
        return self.within.propose(history, start_turn, self._others(history))

    def _others(self, history: History) -> list[dict[str, float]]:
        """The model's proposals, if the search weighs them."""
        known = self.within.believed(history)
        if self._unreadable(history.problem) or (known is not None and not known.weighs_model):
            return []
        others = self.model.proposals(history) if isinstance(self.model, ManyPolicy) else []
        return [dict(proposal.sizing) for proposal in others if proposal.sizing is not None]

    def _unreadable(self, problem: Problem) -> str:
        """Why the model cannot read a problem; "" if it can."""
        return self.model.unreadable(problem) if isinstance(self.model, CompactPolicy) else ""

    def _phase(self, history: History) -> Phase:
        believed, unreadable = self.within.believed(history) is not None, self._unreadable(history.problem)
        since, why = self.within.handed_over(history)
        if unreadable:
            # the search owns every turn
            return Phase("search", max(since, 1), why if since > 1 else "" if believed else unreadable)
        longest = MAX_TURNS if isinstance(self.model, CompactPolicy) else None
        owners = ("search", "model") if believed else ("model", "search")
        phase = current_phase(history, owners, PATIENCE, self._names, longest)
        # the search's turns that contradicted a prior belong to no phase
        return replace(phase, start_turn=since, why=why) if since and phase.start_turn == 1 else phase
