"""The probability that a design can be measured: a model's prediction for other circuits or conditions, corrected by
the turns of the run.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.surrogate import correlation, logistic, logit

SHIFT = 2.0
"""Deviation, in logits, of a condition's shift of that probability."""
NEARBY, DOUBT = 0.2, 0.2
"""Distance (√d ranges) over which a turn that could or could not be measured affects its neighbours, and the doubt
about it.
"""


def corrected_chance(predicted: Callable[[Real], Real], positions: Real, worked: Real) -> Callable[[Real], Real]:
    """Probabilities (m,) of m×d positions. `predicted`: the model's; `worked` (n,): 1 for turns at `positions` (n, d)
    that could be measured, else 0.
    """
    shift = shift_of(logit(predicted(positions)), worked)

    def shifted(points: Real) -> Real:
        return logistic(logit(predicted(points)) + shift)

    near = correlation(positions, positions, 0.0, NEARBY) + DOUBT * np.eye(len(positions))
    solved = np.linalg.solve(near, worked - shifted(positions))
    return lambda points: np.clip(shifted(points) + correlation(points, positions, 0.0, NEARBY) @ solved, 0.0, 1.0)


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
