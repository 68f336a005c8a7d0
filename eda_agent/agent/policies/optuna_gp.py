"""GP: Optuna's Gaussian-process sampler with expected improvement on the score. Needs the extra `bo`."""

from __future__ import annotations

import optuna
import torch  # noqa: F401  # the sampler needs it and would say so only when first asked

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import turn_seed
from eda_agent.agent.policies.optuna_study import SyncedStudy
from eda_agent.agent.turn import Proposal


class GpPolicy:
    name = "gp"

    def __init__(self, seed: int):
        self.seed = seed
        self.study = SyncedStudy()

    def propose(self, history: History) -> Proposal:
        sampler = optuna.samplers.GPSampler(
            n_startup_trials=10, deterministic_objective=True, seed=turn_seed(self.seed, history, self.name)
        )
        return Proposal(self.study.ask(history, sampler), policy=self.name)
