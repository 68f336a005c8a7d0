"""The chance of a measurement is the probability that a spec has a value at a design: a loop without a crossing has no
phase margin.

Turns that measured a spec, and turns that could not, correct a model's prediction for other circuits or conditions.
Without a model every design is predicted alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.policies.batch_fit import fit_many
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real
from eda_agent.agent.policies.surrogate import correlation, logistic, logit

Chance = Callable[[Real], Real]
"""Probabilities (m, specs) at m×d positions."""

SHIFT = 2.0
"""Deviation, in logits, of a condition's shift of that probability."""
NEARBY, DOUBT = 0.2, 0.2
"""Distance (√d ranges) over which a turn that could or could not be measured affects its neighbours, and the doubt
about it.
"""
UNSEEN = (-0.3, 0.5)
"""Mean and deviation of the margin of a spec that no turn has measured, where it can be measured: most targets are met
near the edge of what a circuit can do.
"""


@dataclass(frozen=True)
class UnseenMargin:
    """The margin of a spec that no turn has measured, at designs that can be measured."""

    dimensions: int

    @property
    def log_scales(self) -> Real:
        return np.zeros(self.dimensions)

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at m×d positions."""
        return np.full(len(points), UNSEEN[0]), np.full(len(points), UNSEEN[1])


def processes_of_measured(
    inputs: Real, margins: Real, least: float = 1e-6, held: Mapping[int, GaussianProcess] | None = None
) -> list[GaussianProcess | UnseenMargin]:
    """A model of each column of margins (n, specs), nan where a turn at `inputs` (n, d) could not measure it.

    Args:
        least: smallest assumed deviation of a margin.
        held: column → a process whose length scales and variance are kept; those of other columns are fitted.
    """
    some, held = np.flatnonzero(np.isfinite(margins).any(0)).tolist(), held or {}
    kept, new = [place for place in some if place in held], [place for place in some if place not in held]
    found = dict(zip(new, fit_many(inputs, margins[:, new], least=least), strict=True))
    if kept:
        begin = np.array([[*held[place].log_scales, held[place].log_variance] for place in kept])
        found.update(zip(kept, fit_many(inputs, margins[:, kept], 0, least, begin), strict=True))
    return [found.get(place, UnseenMargin(inputs.shape[1])) for place in range(margins.shape[1])]


def even(points: Real) -> Real:
    """The prediction without a model."""
    return np.full(len(points), 0.5)


def spec_chances(predicted: Callable[[Real], Real], positions: Real, seen: NDArray[np.bool_]) -> Chance:
    """The chance of every spec.

    Args:
        predicted: a model's probabilities (m,) that all specs can be measured.
        positions: turns (n, d).
        seen: whether a turn measured a spec (n, specs).
    """
    rows, of_spec = np.unique(seen.T, axis=0, return_inverse=True)
    worked, own = rows.astype(float), logit(predicted(positions))
    shifts = np.array([shift_of(own, row) for row in worked])
    near = correlation(positions, positions, 0.0, NEARBY) + DOUBT * np.eye(len(positions))
    solved = np.linalg.solve(near, (worked - logistic(own + shifts[:, None])).T)
    place = of_spec.reshape(-1)

    def chance(points: Real) -> Real:
        shifted = logistic(logit(predicted(points))[:, None] + shifts)
        nearby = correlation(points, positions, 0.0, NEARBY) @ solved
        return np.asarray(np.clip(shifted + nearby, 0.0, 1.0)[:, place])

    return chance


def shift_of(logits: Real, worked: Real) -> float:
    """The condition's shift of every logit: its most likely value after the turns, with a normal prior of deviation
    `SHIFT`. Newton's method.
    """
    shift = 0.0
    for _ in range(20):
        chance = logistic(logits + shift)
        slope = float((worked - chance).sum()) - shift / SHIFT**2
        shift += slope / (float((chance * (1 - chance)).sum()) + 1 / SHIFT**2)
        shift = min(max(shift, -20.0), 20.0)
    return shift
