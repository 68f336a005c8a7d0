"""A warm-start policy first proposes designs of earlier runs and then passes the run to another policy, which sees
their results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import ManyPolicy, Metered, Policy, PreparedPolicy
from eda_agent.agent.turn import Proposal
from eda_agent.problem.spec import Problem

MEMORY = "memory"


class WarmStartPolicy:
    """`designs`: sizings stored with the run, best first."""

    def __init__(self, inner: Policy, designs: Sequence[Mapping[str, float]]):
        self.inner, self.designs = inner, tuple(designs)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def batches(self) -> bool:
        return bool(getattr(self.inner, "batches", False))

    @property
    def spent(self) -> str:
        return self.inner.spent if isinstance(self.inner, Metered) else ""

    @property
    def stuck(self) -> str:
        return self.inner.stuck if isinstance(self.inner, Metered) else ""

    @property
    def bill(self) -> str:
        return self.inner.bill if isinstance(self.inner, Metered) else ""

    def prepare(self, problem: Problem) -> None:
        if isinstance(self.inner, PreparedPolicy):
            self.inner.prepare(problem)

    def propose(self, history: History) -> Proposal:
        return self.proposals(history)[0]

    def proposals(self, history: History) -> list[Proposal]:
        used = history.proposers.count(MEMORY)
        if used < len(self.designs):
            return [Proposal(dict(design), "from an earlier run", policy=MEMORY) for design in self.designs[used:]]
        return self.inner.proposals(history) if isinstance(self.inner, ManyPolicy) else [self.inner.propose(history)]
