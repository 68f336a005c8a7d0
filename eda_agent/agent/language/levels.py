"""Levels are the positions of a parameter's scale that the compact language can express, and their values."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language.words import LEVELS
from eda_agent.problem.space import Parameter


@dataclass(frozen=True)
class Levels:
    """`legal`: (LEVELS) booleans; `values`: (LEVELS) numbers in SI units, valid for legal levels."""

    parameter: Parameter
    legal: NDArray[np.bool_]
    values: NDArray[np.float64]

    def of(self, value: float) -> int:
        """The legal level nearest to a value."""
        position = self.parameter.to_unit(value) * (LEVELS - 1)
        after = bisect.bisect_left(self._legal, position)
        return min(self._legal[max(after - 1, 0) : after + 1], key=lambda level: abs(level - position))

    @cached_property
    def _legal(self) -> list[int]:
        return [int(level) for level in np.flatnonzero(self.legal)]

    def value(self, level: int, keep: float) -> float:
        """The value of a level; for `keep`'s level it is `keep` itself, which may lie between two levels."""
        return self.parameter.snap(keep) if level == self.of(keep) else float(self.values[level])


def levels_of(parameter: Parameter) -> Levels:
    """The levels of a parameter; a locked one has only its own."""
    values = np.array([parameter.from_unit(index / (LEVELS - 1)) for index in range(LEVELS)])
    legal = np.zeros(LEVELS, dtype=np.bool_)
    if parameter.locked:
        index = round(parameter.to_unit(parameter.initial) * (LEVELS - 1))
        legal[index], values[index] = True, parameter.initial
        return Levels(parameter, legal, values)
    # of the levels that snap to the same value the nearest is used
    for value in dict.fromkeys(values.tolist()):
        same = np.flatnonzero(values == value)
        position = parameter.to_unit(value) * (LEVELS - 1)
        legal[same[np.argmin(np.abs(same - position))]] = True
    return Levels(parameter, legal, values)
