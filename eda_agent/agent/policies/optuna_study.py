"""An Optuna study that mirrors a history: what the Optuna policies share.

Parameters are positions in [0, 1] on their own scale; the objective is the score, which is maximised.
"""

from __future__ import annotations

import warnings

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import create_trial

from eda_agent.agent.history import History
from eda_agent.agent.turn import Turn

# its warnings (a kernel whose fit failed keeps the defaults) ask nothing of a designer, and would be written across the terminal
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def distributions(history: History) -> dict[str, BaseDistribution]:
    """One uniform dimension a parameter; locked ones are left out."""
    return {
        parameter.name: FloatDistribution(0.0, 1.0)
        for parameter in history.problem.space.parameters
        if parameter.maximum > parameter.minimum
    }


def add_turn(study: optuna.Study, history: History, turn: Turn) -> None:
    """Tell the study about a turn that has a sizing."""
    assert turn.sizing is not None
    space = history.problem.space
    dimensions = distributions(history)
    positions = dict(zip(space.names, space.to_unit(turn.sizing), strict=True))
    study.add_trial(create_trial(params={name: positions[name] for name in dimensions}, distributions=dimensions, value=turn.value))


def sizing_of(history: History, params: dict[str, float]) -> dict[str, float]:
    """A study's parameters as a sizing."""
    space = history.problem.space
    fixed = dict(zip(space.names, space.to_unit(space.initial), strict=True))
    return space.from_unit([params.get(name, fixed[name]) for name in space.names])


class SyncedStudy:
    """A study that is brought up to the history before each question and asked with a sampler seeded by the turn."""

    def __init__(self) -> None:
        self.study = optuna.create_study(direction="maximize")
        self.told = 0

    def ask(self, history: History, sampler: optuna.samplers.BaseSampler) -> dict[str, float]:
        """The next sizing that `sampler` would try."""
        for turn in history.turns[self.told :]:
            if turn.sizing is not None:
                add_turn(self.study, history, turn)
        self.told = len(history.turns)
        self.study.sampler = sampler
        trial = self.study.ask(distributions(history))
        params = dict(trial.params)
        # the trial itself is forgotten: the turn that comes of it is told as such
        self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return sizing_of(history, params)
