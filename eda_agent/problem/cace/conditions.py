"""A condition of a CACE datasheet has typical, minimum and maximum values, an enumeration, or steps between two."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.units import QuantityError, any_unit

MAX_VALUES = 100
MAX_POINTS = 64


@dataclass(frozen=True)
class Condition:
    """`values`: in SI units, or words (a process); the typical one first. `stepsize`: of a sweep, None without one."""

    name: str
    values: tuple[float | str, ...]
    stepsize: float | None = None

    @property
    def typical(self) -> float | str:
        return self.values[0]

    def of(self, which: str) -> float | str | None:
        """The value of `CACE{name|which}`."""
        numbers = [value for value in self.values if isinstance(value, float)]
        named = {
            "minimum": min(numbers, default=None),
            "maximum": max(numbers, default=None),
            "stepsize": self.stepsize,
            "steps": float(len(self.values)),
        }
        return named.get(which)


def read_condition(name: str, entry: Mapping[str, Any], usual: Any = None) -> Condition | None:
    """A condition from its entry in the datasheet; None without a value. `usual`: the typical value of the datasheet's
    default, which comes first in an enumeration.
    """
    unit = str(entry.get("unit") or "")
    if (listed := entry.get("enumerate")) is not None:
        values = listed.split() if isinstance(listed, str) else listed
        found = [_value(value, unit) for value in values][:MAX_VALUES]
        found.sort(key=lambda value: value != _value(usual, unit))
        return Condition(name, _unique(found)) if found else None
    sides = {side: entry[side] for side in ("typical", "minimum", "maximum") if entry.get(side) is not None}
    found = [_value(value, unit) for value in sides.values()]
    if not found:
        return None
    step = None
    low, high = (_value(sides[side], unit) if side in sides else None for side in ("minimum", "maximum"))
    if "step" in entry and isinstance(low, float) and isinstance(high, float):
        step = _step(entry, unit)
        found += _swept(low, high, step, str(entry["step"]).startswith("log"))
    return Condition(name, _unique(found), step)


def _step(entry: Mapping[str, Any], unit: str) -> float:
    logarithmic = str(entry["step"]).startswith("log")
    size = entry.get("stepsize", 2 if logarithmic else 1)
    number = float(size) if logarithmic else _value(size, unit)
    return number if isinstance(number, float) and number > 0 else 1.0


def _swept(low: float, high: float, step: float, logarithmic: bool) -> list[float | str]:
    values: list[float | str] = []
    at = low
    while at <= high * (1 + 1e-9) and len(values) < MAX_VALUES:
        values.append(float(f"{at:.12g}"))
        at = at * step if logarithmic and step > 1 and low > 0 else at + step
    return values


def _value(value: Any, unit: str) -> float | str:
    """A number in SI units, or a word."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    try:
        factor = float(any_unit(unit).factor) if unit and unit not in {"°C", "C", "%"} else 1.0
    except QuantityError:
        factor = 1.0
    return float(f"{number * factor:.12g}") if math.isfinite(number) else str(value)


def _unique(values: Sequence[float | str]) -> tuple[float | str, ...]:
    return tuple(dict.fromkeys(values))


def points_of(conditions: Mapping[str, Condition]) -> tuple[list[dict[str, float | str]], bool]:
    """(every combination of the conditions' values, the typical one first; whether some were left out).

    Of more than `MAX_POINTS`, the typical point and the combinations of the smallest and largest values remain.
    """
    names = list(conditions)
    count = math.prod(len(conditions[name].values) for name in names)
    whole = count <= MAX_POINTS
    axes = [conditions[name].values if whole else _ends(conditions[name]) for name in names]
    typical = {name: conditions[name].typical for name in names}
    product: Iterator[tuple[float | str, ...]] = itertools.islice(itertools.product(*axes), MAX_POINTS)
    points = [typical, *(dict(zip(names, values, strict=True)) for values in product)]
    return [dict(point) for point in dict.fromkeys(tuple(one.items()) for one in points)], not whole


def _ends(condition: Condition) -> tuple[float | str, ...]:
    numbers = sorted(value for value in condition.values if isinstance(value, float))
    return (numbers[0], numbers[-1]) if len(numbers) > 2 else condition.values
