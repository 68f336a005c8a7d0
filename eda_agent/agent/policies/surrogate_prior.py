"""A surrogate prior gives the search a model of every spec's margin that was trained before the run.

A surrogate predicts every corner from the first turns, and all turns correct it. After a few turns a Gaussian process
on the run's turns alone may predict a spec better; each spec uses the model that would have predicted its turns best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eda_agent.agent.history import History
from eda_agent.agent.policies.expected_gain import Beliefs, Process
from eda_agent.agent.policies.gaussian_process import Real, fit
from eda_agent.agent.policies.measurement_chance import Chance, spec_chances
from eda_agent.agent.policies.surrogate import CalibratedPrediction, Condition, Surrogate, calibrated
from eda_agent.agent.policies.surrogate_checkpoint import find
from eda_agent.agent.policies.training_data import fitted_turns, measured, training_data
from eda_agent.agent.score import margin_lines
from eda_agent.agent.turn import Turn
from eda_agent.problem.spec import Problem, Spec

CONDITION_TURNS = 8
"""Number of first measured turns from which a condition is inferred."""
OWN = 4
"""Number of turns from which a spec may use the run's own turns alone."""
HEAD_START = 2.0
"""Bonus of the surrogate in nats, spread over the turns: with few turns the other model looks good by chance."""
JUDGED_AFTER = 5
"""Number of turns after which the surrogate must have predicted most specs better than the turns alone; otherwise it is
dropped.
"""
UNTAUGHT = 0.3
"""Minimum deviation of the margin of a spec outside the training, which uses the turns alone from the start."""


@dataclass(frozen=True)
class MarginModel:
    """A model of a spec's margin in its worst corner."""

    spec: Spec
    corners: Sequence[CalibratedPrediction]

    @property
    def log_scales(self) -> Real:
        return np.zeros(self.corners[0].points.shape[1])

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at m×d positions. Of two bounds the nearer counts."""
        lines = margin_lines(self.spec)
        means, deviations = [], []
        for corner in self.corners:
            mean, deviation = corner.predict(points)
            means.append(np.min([slope * mean + shift for slope, shift in lines], axis=0))
            deviations.append(abs(lines[0][0]) * deviation)
        worst = np.argmin(means, axis=0)[None]
        return np.take_along_axis(np.array(means), worst, 0)[0], np.take_along_axis(np.array(deviations), worst, 0)[0]

    @property
    def likelihood(self) -> float:
        """Mean log density of the turns' margins, each given the others, in the worst predicted corner."""
        return min(corner.likelihood for corner in self.corners) - float(np.log(abs(margin_lines(self.spec)[0][0])))


@dataclass(frozen=True)
class SurrogatePrior:
    """The prior of one circuit, used by `trust.TrustRegion.informed`."""

    surrogate: Surrogate
    basis = "the model of similar designs"
    weighs_model = True
    judged_after = JUDGED_AFTER

    def beliefs(self, history: History) -> Beliefs:
        """Models of the margins, and the chance that a spec can be measured.

        Both use the same conditions, which predict a batch of positions once.
        """
        positions, values, conditions = self._conditions(history)
        return Beliefs(_processes(history, conditions, positions, values), _chance(history, conditions, positions))

    def disproved(self, history: History) -> bool:
        """Whether the first turns, from `JUDGED_AFTER` on, contradict the prior: testbenches, bias or loads may differ
        much from the training.
        """
        if len(history.measured) < JUDGED_AFTER:
            return False
        begun = History(history.problem, history.turns[: history.measured[JUDGED_AFTER - 1] + 1])
        positions, values, conditions = self._conditions(begun)
        told = [
            isinstance(process, MarginModel)
            for process, column in zip(
                _processes(begun, conditions, positions, values), self.surrogate.columns, strict=True
            )
            if column is not None
        ]
        return 2 * sum(told) < len(told)

    def _conditions(self, history: History) -> tuple[Real, Real, list[Condition]]:
        positions, values = _measured(history)
        return (
            positions,
            values,
            [self.surrogate.under(positions[:CONDITION_TURNS], rows[:CONDITION_TURNS]) for rows in values],
        )


def _processes(history: History, conditions: Sequence[Condition], positions: Real, values: Real) -> list[Process]:
    inputs, margins = training_data(history)
    result: list[Process] = []
    for place, (spec, column) in enumerate(zip(history.problem.specs, conditions[0].surrogate.columns, strict=True)):
        if column is None:
            result.append(fit(inputs, margins[:, place], least=UNTAUGHT))
            continue
        corners = [
            calibrated(condition, column, positions, rows[:, place])
            for condition, rows in zip(conditions, values, strict=True)
            if np.isfinite(rows[:, place]).any()
        ]
        found = MarginModel(spec, corners or [calibrated(conditions[0], column, positions, values[0][:, place])])
        result.append(found if len(inputs) < OWN else _better(found, inputs, margins[:, place]))
    return result


def _chance(history: History, conditions: Sequence[Condition], positions: Real) -> Chance:
    def predicted_chance(points: Real) -> Real:
        return np.asarray(np.min([condition.predict(points)[2] for condition in conditions], axis=0))

    return spec_chances(predicted_chance, positions, measured(history))


def _measured(history: History) -> tuple[Real, Real]:
    """Positions (n, d) of the simulated turns, and their metrics by corner (corners, n, specs), transformed so that
    margins are linear, else nan.
    """
    problem, turns = history.problem, simulated_turns(history)
    positions = np.array([problem.space.to_unit(turn.sizing) for turn in turns if turn.sizing is not None])
    values = np.full((len(problem.corners), len(turns), len(problem.specs)), np.nan)
    for number, turn in enumerate(turns):
        assert turn.evaluation is not None
        for corner, rows in zip(problem.corners, values, strict=True):
            found = turn.evaluation.values.get(corner.name, {})
            for column, spec in enumerate(problem.specs):
                value = found.get(spec.name)
                rows[number, column] = np.nan if value is None else value
    return positions, np.stack([scaled(spec, values[..., column]) for column, spec in enumerate(problem.specs)], -1)


def simulated_turns(history: History) -> list[Turn]:
    return [turn for turn in fitted_turns(history) if turn.sizing is not None and turn.evaluation is not None]


def _better(found: MarginModel, inputs: Real, margins: Real) -> Process:
    """The model that would have predicted the turns best."""
    own = fit(inputs, margins)
    return found if found.likelihood + HEAD_START / len(inputs) > own.likelihood else own


def scaled(spec: Spec, values: Real) -> Real:
    """Values transformed so that the margin is linear: logarithms for a log ramp, nan at and below zero."""
    if spec.metric.ramp != "log":
        return values
    return np.log(np.where(values > 0, values, np.nan))


def load_prior(path: Path, problem: Problem) -> SurrogatePrior | None:
    """The prior of a problem from a file of surrogates; None if its structure is not in the file."""
    found = find(path, problem)
    return None if found is None else SurrogatePrior(found)
