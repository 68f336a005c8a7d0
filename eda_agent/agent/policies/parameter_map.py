"""A parameter map converts a problem's positions to those of a surrogate's training, through the sizes of the
devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.problem.space import DesignSpace

SWEEPS = 4
"""Sweeps over the parameters, which compensate for parameters clipped to their ranges."""
RANGE = float(np.log(100.0))
"""Typical range of a size in nats: distances outside the ranges are measured in it."""


@dataclass(frozen=True)
class ParameterRange:
    """Range of a parameter in the training: SI units, above 0; `log` is the scale."""

    minimum: float
    maximum: float
    log: bool

    def positions(self, logarithms: Real) -> Real:
        """Positions in units of the range."""
        if self.log:
            return np.asarray((logarithms - np.log(self.minimum)) / np.log(self.maximum / self.minimum))
        return np.asarray((np.exp(logarithms) - self.minimum) / (self.maximum - self.minimum))


@dataclass(frozen=True)
class ParameterMap:
    """The map between d parameters of `space` and t training parameters with `ranges`, in logarithms of values.

    The best-fitting training values are `matrix` (t, d) times the problem's values plus `offset` (t). The residual of
    the k sizes is `left` (k, d) times the problem's values plus `rest` (k); `taught` (k, t) is the effect of the
    training values on the sizes.
    """

    space: DesignSpace
    ranges: Sequence[ParameterRange]
    matrix: Real
    offset: Real
    left: Real
    rest: Real
    taught: Real

    def logarithms(self, points: Real) -> Real:
        """(m, d) logarithms of the values at positions (m, d)."""
        low, high = (np.array([getattr(one, end) for one in self.space.parameters]) for end in ("minimum", "maximum"))
        log = np.array([one.scale == "log" for one in self.space.parameters])
        return np.asarray(np.where(log, np.log(low) + points * np.log(high / low), np.log(low + points * (high - low))))

    def positions(self, points: Real) -> tuple[Real, Real]:
        """Positions (m, t) in the training's ranges, and the distances (m,) of the sizes from what these ranges can
        express, in ranges.
        """
        given = self.logarithms(points)
        wanted = given @ self.matrix.T + self.offset
        error = given @ self.left.T + self.rest
        low, high = (np.log([getattr(one, end) for one in self.ranges]) for end in ("minimum", "maximum"))
        values = np.clip(wanted, low, high)
        cut = np.flatnonzero((np.abs(values - wanted) > 1e-9).any(1))
        if len(cut):
            values[cut], error[cut] = self._made_up(
                values[cut], error[cut] + (wanted - values)[cut] @ self.taught.T, low, high
            )
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
        """Whether every training parameter's range can be reached."""
        ends = np.stack([self.logarithms(np.full((1, len(self.space.parameters)), end))[0] for end in (0.0, 1.0)])
        middle, half = self.matrix @ ends.mean(0) + self.offset, np.abs(self.matrix) @ (ends[1] - ends[0]) / 2
        pairs = zip(self.ranges, middle, half, strict=True)
        return all(
            centre - width <= np.log(one.maximum) and centre + width >= np.log(one.minimum)
            for one, centre, width in pairs
        )
