"""An axis has the values of a spec, in the unit of its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.units import QuantityError, format_quantity, read_unit, shown_unit


class Axis:
    """`label`: name and unit. `targets`: the bounds of the spec, as numbers on the axis. `better`: which way."""

    def __init__(self, spec: Mapping[str, Any]):
        self.name = spec["name"]
        bounds = [spec[side] for side in ("minimum", "maximum") if spec[side] is not None]
        _, _, unit = format_quantity(bounds[0] if bounds else 1.0, shown_unit(spec)).rpartition(" ")
        try:
            self._factor = float(read_unit(unit).factor) if unit else 1.0
        except QuantityError:
            unit, self._factor = spec["unit"], 1.0
        self.label = f"{self.name}, {unit}" if unit else self.name
        self.targets = [bound / self._factor for bound in bounds]

        low, high = (spec[side] is not None for side in ("minimum", "maximum"))
        # a spec with both bounds is best between them
        self.better = "within its bounds" if low == high else "higher" if low else "lower"

    def values(self, turns: Sequence[Mapping[str, Any]]) -> list[float]:
        """The worst value of each turn."""
        return [turn["specs"][self.name]["value"] / self._factor for turn in turns]
