"""The chance that a design can be measured: what a model of other circuits or conditions says, corrected by the turns
of the run.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.surrogate import correlation, logistic, logit

SHIFT = 2.0
"""How much a condition may make easier or harder to measure than the model believes: the deviation, in logits."""
NEARBY, DOUBT = 0.2, 0.2
"""How far (√d ranges) a turn that worked or did not speaks for its neighbours, and how little it is believed."""


def corrected_chance(predicted: Callable[[Real], Real], positions: Real, worked: Real) -> Callable[[Real], Real]:
    """Chances (m,) of m×d positions. `predicted`: the model's; `worked` (n,): 1 for the turns at `positions` (n, d)
    that could be measured, else 0.
    """
    shift = shift_of(logit(predicted(positions)), worked)

    def shifted(points: Real) -> Real:
        return logistic(logit(predicted(points)) + shift)

    near = correlation(positions, positions, 0.0, NEARBY) + DOUBT * np.eye(len(positions))
    solved = np.linalg.solve(near, worked - shifted(positions))
    return lambda points: np.clip(shifted(points) + correlation(points, positions, 0.0, NEARBY) @ solved, 0.0, 1.0)


def shift_of(logits: Real, worked: Real) -> float:
    """What the condition adds to every logit: the most likely one after the turns, normal before them with deviation
    `SHIFT`. Newton's method.
    """
    shift = 0.0
    for _ in range(20):
        chance = logistic(logits + shift)
        slope = float((worked - chance).sum()) - shift / SHIFT**2
        shift += slope / (float((chance * (1 - chance)).sum()) + 1 / SHIFT**2)
        shift = min(max(shift, -20.0), 20.0)
    return shift
