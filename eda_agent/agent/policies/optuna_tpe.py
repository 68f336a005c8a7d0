"""TPE: Optuna's multivariate tree-structured Parzen estimator on the score."""

from __future__ import annotations

import optuna

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import turn_seed
from eda_agent.agent.policies.optuna_study import SyncedStudy
from eda_agent.agent.turn import Proposal


class TpePolicy:
    name = "tpe"

    def __init__(self, seed: int):
        self.seed = seed
        self.study = SyncedStudy()

    def propose(self, history: History) -> Proposal:
        sampler = optuna.samplers.TPESampler(
            multivariate=True, n_startup_trials=10, seed=turn_seed(self.seed, history, self.name)
        )
        return Proposal(self.study.ask(history, sampler), policy=self.name)
