"""Experience is what designs of the same structure measured when the embedded model was made, as the search needs it: a model of every spec's margin.

Response surfaces come from the atlas, and the turns of a run move them to its own condition. From a few turns on a process that knows the run
alone may foretell a spec better, or one of what the surface leaves; each spec goes by the one that would have foretold its turns best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from eda_agent.agent.history import History
from eda_agent.agent.policies import atlas
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real, fit
from eda_agent.agent.policies.knowledge import CLIP, knowledge, taught
from eda_agent.agent.policies.surface import Moved, Surface, fit_surface, moved
from eda_agent.agent.policies.trust import Process
from eda_agent.agent.score import margin_lines
from eda_agent.problem.spec import Problem, Spec

ENOUGH = 60
"""Designs inside the ranges that a surface takes."""
BROKEN = 20
"""Designs with a spec that could not be measured, from which on a surface says where that is."""
OWN = 4
"""Turns from which on a spec may go by the run's own turns alone."""
HEAD_START = 2.0
"""What speaks for the surface, in nats shared out over the turns: with few of them the others look good by chance."""
CONSIDERED = 200
"""Stored designs that compete with the search's candidates: those that would score best."""


@dataclass(frozen=True)
class MarginModel:
    """A spec's margin by a moved surface."""

    spec: Spec
    value: Moved

    @property
    def log_scales(self) -> Real:
        return np.zeros(self.value.inputs.shape[1])

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at m×d positions. Of two bounds the nearer counts."""
        mean, deviation = self.value.predict(points)
        lines = margin_lines(self.spec)
        return np.min([slope * mean + shift for slope, shift in lines], axis=0), abs(lines[0][0]) * deviation

    @property
    def likelihood(self) -> float:
        """Mean log density of the turns' margins, each foretold from the others."""
        return self.value.likelihood - float(np.log(abs(margin_lines(self.spec)[0][0])))


@dataclass(frozen=True)
class RestModel:
    """A spec's margin by the surface as it is and a process of what that leaves in the run."""

    surface: Surface
    column: int
    spec: Spec
    process: GaussianProcess

    @property
    def log_scales(self) -> Real:
        return self.process.log_scales

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at m×d positions."""
        mean, deviation = self.process.predict(points)
        return mean + surface_margin(self.surface, self.column, self.spec, points), deviation


def surface_margin(surface: Surface, column: int, spec: Spec, points: Real) -> Real:
    """(m,) at m×d positions, cut as the search's knowledge is."""
    values = surface.predict(points)[:, column]
    return np.asarray(np.clip(np.min([slope * values + shift for slope, shift in margin_lines(spec)], axis=0), *CLIP))


@dataclass(frozen=True)
class Experience:
    """`surface`: of every spec, as the margin is linear in it (`scaled`). `works`: of whether all specs can be measured, 1 or 0.

    `designs`: sizings that would score best, the best first; `known`: how many were simulated.
    """

    designs: Sequence[dict[str, float]]
    known: int
    surface: Surface
    works: Surface | None

    def processes(self, history: History) -> list[Process]:
        """A model of every spec's margin."""
        specs, space = history.problem.specs, history.problem.space
        turns = [
            turn for turn in taught(history) if turn.score is not None and turn.evaluation is not None and not turn.evaluation.failures
        ]
        positions = np.array([space.to_unit(turn.sizing) for turn in turns if turn.sizing is not None]).reshape(-1, len(space.parameters))
        inputs, margins = knowledge(history)
        result: list[Process] = []
        for column, spec in enumerate(specs):
            values = [turn.score.results[column].value for turn in turns if turn.score is not None]
            seen = scaled(spec, np.array([np.nan if value is None else value for value in values], dtype=float))
            found = MarginModel(spec, moved(self.surface, column, positions, seen))
            result.append(found if len(inputs) < OWN else self._better(found, column, inputs, margins[:, column]))
        return result

    def _better(self, found: MarginModel, column: int, inputs: Real, margins: Real) -> Process:
        """What would have foretold the turns best."""
        rest = margins - surface_margin(self.surface, column, found.spec, inputs)
        left, own = fit(inputs, rest), fit(inputs, margins)
        rivals: list[tuple[float, Process]] = [
            (found.likelihood + HEAD_START / len(inputs), found),
            (left.likelihood, RestModel(self.surface, column, found.spec, left)),
            (own.likelihood, own),
        ]
        return max(rivals, key=lambda rival: rival[0])[1]

    def chance(self, history: History, points: Real) -> Real:
        """(m,) that all specs of m×d positions can be measured."""
        if self.works is None:
            return np.ones(len(points))
        turns = [turn for turn in taught(history) if turn.sizing is not None and turn.score is not None and turn.evaluation is not None]
        positions = np.array([history.problem.space.to_unit(turn.sizing) for turn in turns if turn.sizing is not None])
        worked = [
            not turn.evaluation.failures and all(result.value is not None for result in turn.score.results)
            for turn in turns
            if turn.score is not None and turn.evaluation is not None
        ]
        mean, deviation = moved(self.works, 0, positions, np.array(worked, dtype=float)).predict(points)
        return np.asarray(ndtr((mean - 0.5) / np.maximum(deviation, 1e-2)))


def scaled(spec: Spec, values: Real) -> Real:
    """Values as the margin is linear in them: where its ramp is logarithmic their logarithm, nan at and below nought."""
    if spec.metric.ramp != "log":
        return values
    return np.log(np.where(values > 0, values, np.nan))


def experience(path: Path, problem: Problem) -> Experience | None:
    """What an atlas says about a problem; None where its structure is in none, or too few of its designs inside the ranges."""
    sheet = atlas.find(path, problem)
    if sheet is None:
        return None
    parameters = problem.space.parameters
    low, high = np.array([one.minimum for one in parameters]), np.array([one.maximum for one in parameters])
    # sizes were kept in single precision
    inside = ((sheet.sizes >= low * (1 - 1e-6)) & (sheet.sizes <= high * (1 + 1e-6))).all(1)
    sheet = replace(sheet, sizes=sheet.sizes[inside], values=sheet.values[inside], conditions=sheet.conditions[inside])
    positions = [[one.to_unit(value) for one, value in zip(parameters, row, strict=True)] for row in sheet.sizes.tolist()]
    points = np.array(positions).reshape(-1, len(parameters))
    margins = np.stack([scaled(spec, column) for spec, column in zip(problem.specs, sheet.values.T, strict=True)], 1)
    whole = np.isfinite(margins).all(1)
    if whole.sum() < ENOUGH:
        return None
    broken = len(whole) - whole.sum() >= BROKEN
    return Experience(
        atlas.designs(sheet, problem, CONSIDERED),
        len(whole),
        fit_surface(points[whole], margins[whole], sheet.conditions[whole]),
        fit_surface(points, whole[:, None].astype(float), sheet.conditions) if broken else None,
    )
