"""A design space is the set of legal sizings: parameters with range, scale and grid.

A sizing maps every parameter's name to a value in SI units. `DesignSpace.snap` makes any sizing legal; two sizings are
the same design exactly if their snapped values are equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from eda_agent.problem.line_edit import Edit

Sizing = Mapping[str, float]

_DIGITS = 4
"""Significant digits of a parameter without a grid: smaller differences are not manufacturable and only defeat the
cache.
"""

_SAME = 1e-11
"""Relative distance within which two values are equal: positions in [0, 1] and back cost a few units in the last place.
"""


@dataclass(frozen=True)
class Place:
    """The place of a parameter's value in the netlist: `text = value · ratio / scale` (scale: SI units per netlist
    unit).
    """

    edit: Edit
    ratio: float
    scale: float


class Rounding(Protocol):
    """How a size is rounded beyond its step (`problem.drawn_steps`)."""

    def nearest(self, value: float, minimum: float, maximum: float) -> float:
        """The size, in SI units, that becomes of a value in a range."""
        ...


@dataclass(frozen=True)
class Parameter:
    """One degree of freedom. Bounds, `step` and `initial` in SI units; `step` None means no grid.

    `initial`, the netlist's own value, is legal everywhere inside the bounds, also between grid points. `drawn`: how a
    layout rounds a size; a legal value is one that it draws as it is.
    """

    name: str
    minimum: float
    maximum: float
    unit: str
    scale: Literal["lin", "log"]
    step: float | None
    role: str
    initial: float
    places: tuple[Place, ...]
    locked: bool = False
    drawn: Rounding | None = None

    @property
    def whole(self) -> bool:
        """Whether it counts something, such as devices in parallel."""
        return self.unit == "" and self.step is not None and self.step >= 1 and self.step.is_integer()

    @property
    def logarithmic(self) -> bool:
        return self.scale == "log"

    def snap(self, value: float) -> float:
        """The legal value nearest to `value`."""
        value = min(max(value, self.minimum), self.maximum)
        if math.isclose(value, self.initial, rel_tol=_SAME):
            return min(max(self.initial, self.minimum), self.maximum)
        legal = self._on_step(value)
        if self.drawn is None or self.locked or self.step is None:
            return legal
        found = self.drawn.nearest(legal, self.minimum, self.maximum)
        # a drawn size beside the steps would not stay as it is
        return found if self._on_step(found) == found else legal

    def _on_step(self, value: float) -> float:
        if self.step is None:
            snapped = float(f"{value:.{_DIGITS}g}")
        else:
            # whole multiples of the grid; rounding to 12 digits removes 0.1 + 0.2 noise, so that equal designs are
            # equal numbers
            count = round(value / self.step)
            lowest, highest = math.ceil(self.minimum / self.step - 1e-9), math.floor(self.maximum / self.step + 1e-9)
            snapped = float(f"{min(max(count, lowest), highest) * self.step:.12g}")
        return min(max(snapped, self.minimum), self.maximum)

    def to_unit(self, value: float) -> float:
        """The position of a value in its range, in [0, 1], on the parameter's scale."""
        if self.maximum == self.minimum:
            return 0.0
        value = min(max(value, self.minimum), self.maximum)
        if self.scale == "log":
            return math.log(value / self.minimum) / math.log(self.maximum / self.minimum)
        return (value - self.minimum) / (self.maximum - self.minimum)

    def from_unit(self, position: float) -> float:
        """The legal value at a position in [0, 1]."""
        position = min(max(position, 0.0), 1.0)
        if self.scale == "log":
            return self.snap(self.minimum * (self.maximum / self.minimum) ** position)
        return self.snap(self.minimum + position * (self.maximum - self.minimum))


@dataclass(frozen=True)
class _Grid:
    """The `columns` with a grid, the first `logarithmic` of them on a log scale, with the numbers of their parameters.

    `fixed`: columns whose range is one value.
    """

    fixed: NDArray[np.int64]
    columns: NDArray[np.int64]
    logarithmic: int
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    initial: NDArray[np.float64]
    step: NDArray[np.float64]

    def moved(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (n, columns) on the grids."""
        few, low, high = self.logarithmic, self.minimum, self.maximum
        ratio = high[:few] / low[:few]
        values = np.empty_like(positions)
        values[:, :few] = low[:few] * ratio ** positions[:, :few]
        values[:, few:] = low[few:] + positions[:, few:] * (high - low)[few:]
        # `isclose` takes ten times as long
        close = np.abs(values - self.initial) <= _SAME * np.abs(self.initial)
        own = close & (low <= self.initial) & (self.initial <= high)
        lowest, highest = np.ceil(low / self.step - 1e-9), np.floor(high / self.step + 1e-9)
        values /= self.step
        np.round(values, out=values)
        values = np.minimum(np.maximum(values, lowest), highest) * self.step
        values = np.where(own, self.initial, np.minimum(np.maximum(values, low), high))
        values[:, :few] = np.log(values[:, :few] / low[:few]) / np.log(ratio)
        values[:, few:] = (values[:, few:] - low[few:]) / (high - low)[few:]
        return values


@dataclass(frozen=True)
class DesignSpace:
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def initial(self) -> dict[str, float]:
        """The netlist's own sizes, made legal."""
        return {parameter.name: parameter.snap(parameter.initial) for parameter in self.parameters}

    def snap(self, sizing: Sizing) -> dict[str, float]:
        """The legal sizing nearest to `sizing`, which names every parameter."""
        return {parameter.name: parameter.snap(sizing[parameter.name]) for parameter in self.parameters}

    def to_unit(self, sizing: Sizing) -> list[float]:
        """Positions in [0, 1]^n, in the order of `parameters`."""
        return [parameter.to_unit(sizing[parameter.name]) for parameter in self.parameters]

    def to_units(self, sizings: Sequence[Sizing]) -> NDArray[np.float64]:
        """Positions (n, parameters) of many sizings: `to_unit` of each, to rounding."""
        low, high, logarithmic = (
            np.array([getattr(one, name) for one in self.parameters]) for name in ("minimum", "maximum", "logarithmic")
        )
        values = np.array([[sizing[name] for name in self.names] for sizing in sizings]).reshape(-1, len(low))
        values = np.minimum(np.maximum(values, low), high)
        few = logarithmic & (high > low)
        result = (values - low) / np.where(high > low, high - low, 1.0)
        result[:, few] = np.log(values[:, few] / low[few]) / np.log(high[few] / low[few])
        return np.asarray(result)

    def from_unit(self, positions: Sequence[float]) -> dict[str, float]:
        """The legal sizing at positions in [0, 1]^n."""
        return {
            parameter.name: parameter.from_unit(float(position))
            for parameter, position in zip(self.parameters, positions, strict=True)
        }

    def legal_units(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (n, parameters) moved onto the grids: `to_unit` of `from_unit` for many points at once, to 1e-9."""
        grid = self._grid
        result = np.clip(positions, 0.0, 1.0)
        result[:, grid.fixed] = 0.0
        # log columns first; every operation serves all columns
        result[:, grid.columns] = grid.moved(result[:, grid.columns])
        return result

    @cached_property
    def _grid(self) -> _Grid:
        stepped = [one.step is not None and one.maximum != one.minimum for one in self.parameters]
        order = sorted(np.flatnonzero(stepped).tolist(), key=lambda place: self.parameters[place].scale != "log")
        chosen = [self.parameters[place] for place in order]
        steps = [one.step for one in chosen if one.step is not None]
        return _Grid(
            np.flatnonzero([one.maximum == one.minimum for one in self.parameters]),
            np.array(order, int),
            sum(one.scale == "log" for one in chosen),
            np.array([one.minimum for one in chosen]),
            np.array([one.maximum for one in chosen]),
            np.array([one.initial for one in chosen]),
            np.array(steps),
        )

    def edits(self, sizing: Sizing) -> dict[Edit, float]:
        """Place → value in the netlist's units for this sizing."""
        result = {}
        for parameter in self.parameters:
            for place in parameter.places:
                result[place.edit] = float(f"{sizing[parameter.name] * place.ratio / place.scale:.12g}")
        return result
