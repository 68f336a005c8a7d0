"""The margin of a spec under the universal prior: by the surrogate, by a process on its residuals, or from sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eda_agent.agent.policies.expected_gain import Process
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real
from eda_agent.agent.policies.measurement_chance import processes_of_measured
from eda_agent.agent.policies.training_data import CLIP
from eda_agent.agent.score import margin_lines
from eda_agent.agent.universal.graph import KINDS, CircuitGraph
from eda_agent.agent.universal.posterior import Posterior, mixture
from eda_agent.problem.spec import Spec

SURE = 1e-4
"""Deviation of a margin that follows from the sizes exactly."""


class Corner:
    """The posteriors of one corner; the latest answers are cached, because every spec asks for the same positions."""

    def __init__(self, posteriors: Sequence[Posterior], changes: Callable[[Real], Real]):
        self.posteriors, self.changes = posteriors, changes
        self._asked: Real | None = None
        self._answer: tuple[Real, Real, Real] = (np.empty(0), np.empty(0), np.empty(0))
        self._before: Real = np.empty(0)

    def predict(self, points: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, k) of the transformed values and the probability (m,) to be measurable, at m×d
        positions.
        """
        self._ask(points)
        return self._answer

    def prior(self, points: Real) -> Real:
        """The mean (m, k) of the references' average, without the effect of the turns."""
        self._ask(points)
        return self._before

    def _ask(self, points: Real) -> None:
        if self._asked is points:
            return
        x = self.changes(points)
        answers = [one.predict_with_prior(x) for one in self.posteriors]
        found = np.stack([before for _, before in answers])
        known = np.isfinite(found)
        mean = np.where(known, found, 0.0).sum(0) / np.maximum(known.sum(0), 1)
        self._before = np.where(known.any(0), mean, np.nan)
        self._asked, self._answer = points, mixture([answer for answer, _ in answers])

    def knows(self, place: int) -> bool:
        """Whether a spec was measured at a reference, at least as a bound."""
        return any(np.isfinite(one.base[place]) for one in self.posteriors)


@dataclass(frozen=True)
class UniversalMargin:
    """A spec's margin in its worst corner, by the posteriors. `scale`: see `CircuitGraph`."""

    spec: Spec
    place: int
    scale: float
    corners: Sequence[Corner]
    dimensions: int

    @property
    def log_scales(self) -> Real:
        return np.zeros(self.dimensions)

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at m×d positions."""
        means, deviations = [], []
        for corner in self.corners:
            mean, deviation, _ = corner.predict(points)
            means.append(self._nearer(mean[:, self.place]))
            deviations.append(abs(self._lines[0][0]) * deviation[:, self.place])
        if len(means) == 1:
            return means[0], deviations[0]
        worst = np.argmin(means, axis=0)[None]
        return np.take_along_axis(np.array(means), worst, 0)[0], np.take_along_axis(np.array(deviations), worst, 0)[0]

    def before(self, points: Real) -> Real:
        """The mean (m,) without the effect of the turns."""
        found = [self._nearer(corner.prior(points)[:, self.place]) for corner in self.corners]
        return np.asarray(np.clip(np.min(found, axis=0), *CLIP))

    @cached_property
    def _lines(self) -> list[tuple[float, float]]:
        return [(slope * self.scale, shift) for slope, shift in margin_lines(self.spec)]

    def _nearer(self, values: Real) -> Real:
        """Margins of transformed values; of two bounds the nearer counts."""
        lines = [slope * values + shift for slope, shift in self._lines]
        return lines[0] if len(lines) == 1 else np.minimum(*lines)


@dataclass(frozen=True)
class ResidualMargin:
    """The surrogate's mean margin without the effect of the turns, and a Gaussian process on its residuals."""

    margin: UniversalMargin
    process: GaussianProcess

    @property
    def log_scales(self) -> Real:
        return self.margin.log_scales

    def predict(self, points: Real) -> tuple[Real, Real]:
        mean, deviation = self.process.predict(points)
        return self.margin.before(points) + mean, deviation


@dataclass(frozen=True)
class ExactArea:
    """The margin of the gate area. `offset`: ln of the value of a square micrometre."""

    spec: Spec
    graph: CircuitGraph
    changes: Callable[[Real], Real]
    offset: float

    @property
    def log_scales(self) -> Real:
        return np.zeros(len(self.graph.initial))

    def predict(self, points: Real) -> tuple[Real, Real]:
        area = log_area(self.graph, self.changes(points)) + self.offset
        return np.min([slope * area + shift for slope, shift in margin_lines(self.spec)], axis=0), np.full(
            len(points), SURE
        )


def log_area(graph: CircuitGraph, x: Real) -> Real:
    """ln of the gate area (um²) of all MOSFETs, at changes (m, p)."""
    fets = graph.kinds < KINDS.index("r")
    sizes = graph.sizes[fets][None] + np.einsum("dqp,mp->mdq", graph.powers[fets], x)
    return np.asarray(np.log(np.exp(sizes.sum(-1)).sum(-1)))


Rivals = tuple[Process, ...]
"""Of one spec: the surrogate's model, a process on its residuals, and a process on the turns alone."""


def rivals_of(
    made: Mapping[int, UniversalMargin], inputs: Real, margins: Real, earlier: Mapping[int, Sequence[Process]]
) -> dict[int, Rivals]:
    """The rivals of every spec after turns at `inputs` (n, d) with `margins` (n, specs), nan if not measured.

    Args:
        earlier: rivals after some of these turns, whose length scales and variances are kept; empty to fit them.
    """
    if not made:
        return {}
    before = np.stack([one.before(inputs) for one in made.values()], -1)
    margins = margins[:, list(made)]
    held = dict(_fitted(earlier, list(made)))
    fitted = processes_of_measured(inputs, np.hstack([margins, margins - before]), held=held)
    alone, residual = fitted[: len(made)], fitted[len(made) :]
    return {
        # the worst corner of a spec may have no value in any turn, another corner one
        place: (one, ResidualMargin(one, process) if isinstance(process, GaussianProcess) else one, own)
        for (place, one), process, own in zip(made.items(), residual, alone, strict=True)
    }


def _fitted(earlier: Mapping[int, Sequence[Process]], places: Sequence[int]) -> Iterator[tuple[int, GaussianProcess]]:
    """Column of `rivals_of` → the process that earlier rivals have for it."""
    for column, place in enumerate(places):
        for number, one in zip((len(places) + column, column), earlier.get(place, ())[1:], strict=False):
            process = one.process if isinstance(one, ResidualMargin) else one
            if isinstance(process, GaussianProcess):
                yield number, process
