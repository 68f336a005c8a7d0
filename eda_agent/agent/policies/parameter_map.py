"""A parameter map converts a problem's positions to those that a surrogate was trained with, by the sizes of the devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.problem.space import DesignSpace

SWEEPS = 4
"""Over the parameters, to make up with the others what one that is cut to its range leaves."""
RANGE = float(np.log(100.0))
"""Of a size, about: what is outside is told in it."""


@dataclass(frozen=True)
class ParameterRange:
    """Of a parameter as it was taught: SI units, above 0; `log` is the scale."""

    minimum: float
    maximum: float
    log: bool

    def positions(self, logarithms: Real) -> Real:
        """In units of the range."""
        if self.log:
            return np.asarray((logarithms - np.log(self.minimum)) / np.log(self.maximum / self.minimum))
        return np.asarray((np.exp(logarithms) - self.minimum) / (self.maximum - self.minimum))


@dataclass(frozen=True)
class ParameterMap:
    """With d parameters of `space` and t taught ones, whose `ranges` they are, and logarithms of values everywhere.

    Taught values that fit best are `matrix` (t, d) times the problem's plus `offset` (t); of the k sizes, `left` (k, d) times the problem's plus `rest` (k)
    is what they leave; `taught` (k, t) is what the sizes owe to the taught values.
    """

    space: DesignSpace
    ranges: Sequence[ParameterRange]
    matrix: Real
    offset: Real
    left: Real
    rest: Real
    taught: Real

    def logarithms(self, points: Real) -> Real:
        """(m, d) of the values at positions (m, d)."""
        low, high = (np.array([getattr(one, end) for one in self.space.parameters]) for end in ("minimum", "maximum"))
        log = np.array([one.scale == "log" for one in self.space.parameters])
        return np.asarray(np.where(log, np.log(low) + points * np.log(high / low), np.log(low + points * (high - low))))

    def positions(self, points: Real) -> tuple[Real, Real]:
        """Positions (m, t) in the ranges that were taught, and how far the sizes lie outside of what can be said there (m,), in ranges."""
        given = self.logarithms(points)
        wanted = given @ self.matrix.T + self.offset
        error = given @ self.left.T + self.rest
        low, high = (np.log([getattr(one, end) for one in self.ranges]) for end in ("minimum", "maximum"))
        values = np.clip(wanted, low, high)
        cut = np.flatnonzero((np.abs(values - wanted) > 1e-9).any(1))
        if len(cut):
            values[cut], error[cut] = self._made_up(values[cut], error[cut] + (wanted - values)[cut] @ self.taught.T, low, high)
        places = np.stack([one.positions(values[:, place]) for place, one in enumerate(self.ranges)], 1)
        return np.clip(places, 0.0, 1.0), np.abs(error).max(1) / RANGE

    def _made_up(self, values: Real, error: Real, low: Real, high: Real) -> tuple[Real, Real]:
        """Coordinate descent on the squared errors inside the ranges."""
        for _ in range(SWEEPS):
            for place, column in enumerate(self.taught.T):
                if (power := float(column @ column)) > 0:
                    moved = np.clip(values[:, place] + error @ column / power, low[place], high[place])
                    error = error - np.outer(moved - values[:, place], column)
                    values[:, place] = moved
        return values, error

    def reaches(self) -> bool:
        """Whether every taught parameter's range can be entered."""
        ends = np.stack([self.logarithms(np.full((1, len(self.space.parameters)), end))[0] for end in (0.0, 1.0)])
        middle, half = self.matrix @ ends.mean(0) + self.offset, np.abs(self.matrix) @ (ends[1] - ends[0]) / 2
        pairs = zip(self.ranges, middle, half, strict=True)
        return all(centre - width <= np.log(one.maximum) and centre + width >= np.log(one.minimum) for one, centre, width in pairs)
