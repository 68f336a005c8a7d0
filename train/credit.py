"""Credit is the reward of an action before it is compared with its group. Each switch is a function of a trajectory's
rewards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Credit:
    """`incumbent` is λ of (1 − λ) r + λ max(0, r − b): with 1 the credits of a trajectory's turns sum to its best
    turn's gain.

    `descendants` is γ of max_{s≥t} γ^{s−t} r_s, only for the trajectory's own action (MURPHY, arXiv 2511.07833); None
    disables it. `repeat`: penalty of an action that the trajectory had before (ThetaEvolve, arXiv 2511.23473).
    """

    incumbent: float = 0.0
    descendants: float | None = None
    repeat: float = 0.0

    def turns(
        self, rewards: Sequence[Real], before: Sequence[float], repeated: Sequence[NDArray[np.bool_]]
    ) -> list[Real]:
        """The credits of every turn's group. `before`: the incumbent's score before each turn; index 0 of a group is
        its own action.
        """
        result = [np.array(values, dtype=np.float64) for values in rewards]
        if self.descendants is not None:
            for turn, value in enumerate(best_descendant([float(values[0]) for values in rewards], self.descendants)):
                result[turn][0] = value
        for turn, values in enumerate(result):
            gain = np.maximum(0.0, values - before[turn])
            result[turn] = (1.0 - self.incumbent) * values + self.incumbent * gain - self.repeat * repeated[turn]
        return result


def best_descendant(own: Sequence[float], gamma: float) -> list[float]:
    """max_{s≥t} γ^{s−t} r_s for every turn t of a trajectory's own rewards."""
    result: list[float] = []
    best = float("-inf")
    for reward in reversed(own):
        best = max(reward, gamma * best) if result else reward
        result.append(best)
    return result[::-1]
