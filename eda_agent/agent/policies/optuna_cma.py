"""CMA-ES: Optuna's sampler on the score, started at the netlist's own sizes.

CMA-ES has a state that a history does not show, so a resumed run repeats the questions; with the same seed the answers
are the same. Other turns (a user's sizing) are added as completed trials.
"""

from __future__ import annotations

import warnings

import optuna

from eda_agent.agent.history import History
from eda_agent.agent.policies.optuna_study import add_turn, distributions, sizing_of
from eda_agent.agent.turn import Proposal

SIGMA = 0.2
"""Initial step in units of the range."""


class CmaPolicy:
    name = "cma"

    def __init__(self, seed: int):
        self.seed = seed
        self.study: optuna.Study | None = None
        self.trial: optuna.Trial | None = None
        self.told = 0

    def propose(self, history: History) -> Proposal:
        if self.study is None or self.told > len(history.turns):
            self._begin(history)
        for turn in history.turns[self.told :]:
            self._tell(history, turn.index)
        self.told = len(history.turns)
        if self.trial is None:
            self.trial = self._study.ask(distributions(history))
        return Proposal(sizing_of(history, self.trial.params), policy=self.name)

    @property
    def _study(self) -> optuna.Study:
        assert self.study is not None
        return self.study

    def _begin(self, history: History) -> None:
        space = history.problem.space
        dimensions = distributions(history)
        # in the interior: CMA-ES fails if it starts on a bound
        start = {
            name: min(max(position, 0.05), 0.95)
            for name, position in zip(space.names, space.to_unit(space.initial), strict=True)
            if name in dimensions
        }
        with warnings.catch_warnings():
            # deprecated in Optuna 4.9 without a replacement for a start at known sizes; removed in 6, which the
            # dependencies exclude
            warnings.simplefilter("ignore", FutureWarning)
            sampler = optuna.samplers.CmaEsSampler(
                x0=start, sigma0=SIGMA, seed=self.seed, n_startup_trials=0, warn_independent_sampling=False
            )
        self.study, self.trial, self.told = optuna.create_study(direction="maximize", sampler=sampler), None, 0

    def _tell(self, history: History, index: int) -> None:
        turn = history.turns[index]
        if turn.sizing is None:
            return
        if index > 0:
            trial = self.trial or self._study.ask(distributions(history))
            self.trial = None
            if sizing_of(history, trial.params) == turn.sizing:
                self._study.tell(trial, turn.value)
                return
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        if index > 0:
            add_turn(self._study, history, turn)
