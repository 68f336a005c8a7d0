"""The universal policy searches any circuit with the universal surrogate as its prior, while the turns agree with it.

Unlike the surrogates of the embedded model, the universal surrogate needs no training on the circuit. Other weights
than the package's come from `python -m eda_agent.train.universal.learn`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eda_agent.agent.history import History
from eda_agent.agent.policies.prior_search import PriorSearch
from eda_agent.agent.policies.universal_prior import load_universal, shipped_weights
from eda_agent.agent.turn import Proposal
from eda_agent.agent.universal.checkpoint import FILE, read_network
from eda_agent.errors import Finding, InputError
from eda_agent.problem.spec import Problem


class UniversalPolicy:
    """`model`: the folder or file of other weights than the package's. State between calls is only a cache."""

    name = "universal"

    def __init__(self, seed: int, model: str | None = None):
        path = Path(model) if model else shipped_weights()
        path = path / FILE if path.is_dir() else path
        if read_network(path) is None:
            raise InputError(
                Finding(
                    "there are no weights of a universal surrogate of this version",
                    path,
                    where="--model",
                    fix="make them with python -m eda_agent.train.universal.learn",
                )
            )
        self.within = PriorSearch(seed, [lambda problem: load_universal(path, problem)])

    def prepare(self, problem: Problem) -> None:
        self.within.loaded(problem)

    def propose(self, history: History) -> Proposal:
        """The most promising design by the prior, or by the turns alone; the first of those says why."""
        since, why = self.within.handed_over(history)
        if since == 1 or history.incumbent is None:
            # it explores the ranges first, as `trust` does
            found = self.within.search.propose(history)
        else:
            found = self.within.propose(history, since or 1)
        return replace(found, policy=self.name, handover=why if since == len(history.turns) else "")
