"""An Optuna study that mirrors a history, shared by the Optuna policies.

Parameters are positions in [0, 1] on their own scale; the objective is the score, which is maximised.
"""

from __future__ import annotations

import warnings

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import create_trial

from eda_agent.agent.history import History
from eda_agent.agent.turn import Turn

# its warnings (a failed kernel fit keeps the defaults) do not concern a designer and would disturb the terminal
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def distributions(history: History) -> dict[str, BaseDistribution]:
    """One uniform dimension per parameter, without the locked ones."""
    return {
        parameter.name: FloatDistribution(0.0, 1.0)
        for parameter in history.problem.space.parameters
        if parameter.maximum > parameter.minimum
    }


def add_turn(study: optuna.Study, history: History, turn: Turn) -> None:
    """Add a turn that has a sizing to the study."""
    assert turn.sizing is not None
    space = history.problem.space
    dimensions = distributions(history)
    positions = dict(zip(space.names, space.to_unit(turn.sizing), strict=True))
    study.add_trial(
        create_trial(params={name: positions[name] for name in dimensions}, distributions=dimensions, value=turn.value)
    )


def sizing_of(history: History, params: dict[str, float]) -> dict[str, float]:
    """A study's parameters as a sizing."""
    space = history.problem.space
    fixed = dict(zip(space.names, space.to_unit(space.initial), strict=True))
    return space.from_unit([params.get(name, fixed[name]) for name in space.names])


class SyncedStudy:
    """A study that is updated with the history before each question; its sampler is seeded by the turn."""

    def __init__(self) -> None:
        self.study = optuna.create_study(direction="maximize")
        self.told = 0

    def ask(self, history: History, sampler: optuna.samplers.BaseSampler) -> dict[str, float]:
        """The next sizing of `sampler`."""
        for turn in history.turns[self.told :]:
            if turn.sizing is not None:
                add_turn(self.study, history, turn)
        self.told = len(history.turns)
        self.study.sampler = sampler
        trial = self.study.ask(distributions(history))
        params = dict(trial.params)
        # the trial itself is discarded: its turn is added as a completed trial
        self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return sizing_of(history, params)
