"""A measurement of a compiled measure line on the vectors of an analysis.

Crossings, interpolation and sums are those of `com_measure2.c` of ngspice 39, so that the numbers are the same to the
last printed digit. `deriv` does not exist there: it is the slope of the line between the two points around the place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.simulation.script.area import area, same
from eda_agent.simulation.script.formula import Scope, evaluate
from eda_agent.simulation.script.vector import FormulaError, Vector

Real = NDArray[np.float64]
Measure = Mapping[str, Any]
_FAR = 1e99
_RATES = {("V", "s"): "V/s", ("A", "V"): "S"}


def measure(line: Measure, scope: Scope, axis: Real, unit: str) -> tuple[float, str]:
    """(number, unit) of a measure line on the current analysis with this axis, whose unit is `unit`. Raises
    `FormulaError`.
    """
    reader = _Reader(line["analysis"], scope, axis, unit)
    kind = line["kind"]
    if kind == "trig":
        start = reader.passing(line["trig"], line["targ"])
        return reader.passing(line["targ"], line["trig"]) - start, unit
    if kind == "when":
        return reader.passing(line["when"]), unit
    values, of = reader.values(line["of"])
    if kind in {"find", "deriv"}:
        at = reader.passing(line["when"]) if "when" in line else reader.number(line["clause"]["at"])
        if kind == "find":
            return reader.at(values, at), of
        return reader.slope(values, at), _RATES.get((of, unit), "")
    return reader.over(kind, values, of, line["clause"])


class _Reader:
    def __init__(self, analysis: str, scope: Scope, axis: Real, unit: str):
        self.analysis, self.scope, self.axis, self.unit = analysis, scope, axis, unit

    def number(self, value: Any) -> float:
        """A number of a clause: written, or the value of a vector with seven digits, as ngspice puts it in."""
        if not isinstance(value, list):
            return float(value)
        found = evaluate(value[1], self.scope).scalar()
        if found is None:
            raise FormulaError("a value of the measurement is not one number")
        return float(f"{found:e}")

    def values(self, of: Measure) -> tuple[Real, str]:
        """The values to measure and their unit, as long as the axis."""
        vector = evaluate(of["tree"], self.scope)
        if vector.data.size != self.axis.size:
            raise FormulaError("the vector to measure is not as long as the analysis")
        return _part(vector, of["part"], self.scope.degrees)

    def window(self, clause: Measure) -> tuple[float, float]:
        """`from` and `to`; 0 means open, except in a dc sweep."""
        low, high = (-_FAR, _FAR) if self.analysis == "dc" else (0.0, 0.0)
        low = self.number(clause["from"]) if "from" in clause else low
        high = self.number(clause["to"]) if "to" in clause else high
        return (high, low) if self.analysis == "dc" and high < low else (low, high)

    def inside(self, clause: Measure) -> NDArray[Any]:
        """The places in the window of a clause."""
        low, high = self.window(clause)
        if self.analysis == "dc":
            return np.flatnonzero((self.axis >= low) & (self.axis <= high))
        late = np.flatnonzero((self.axis >= low) & (self.axis > high)) if high != 0 else np.array([], dtype=int)
        before = self.axis.size if late.size == 0 else int(late[0])
        places = np.flatnonzero(self.axis >= low)
        return places[places < before]

    def passing(self, edge: Measure, other: Measure | None = None) -> float:
        """Where a vector passes its value."""
        clause = dict(edge["clause"])
        if "at" in clause and edge["of"] is None:
            return self.number(clause["at"])
        if edge["of"] is None:
            raise FormulaError("a trigger needs a vector")
        if "at" in clause:
            return self.number(clause["at"])
        for key in ("from",) if other else ():
            if key in other["clause"] and key not in clause:  # type: ignore[index]  # other is set
                clause[key] = other["clause"][key]  # type: ignore[index]
        values, _ = self.values(edge["of"])
        if "other" in edge:
            level = self._level(edge["other"])
        else:
            level = np.full(values.size, self.number(clause.get("val", 0.0)))
        found = self._crossed(values, level, clause)
        if found is None or math.isnan(found):
            raise FormulaError("out of the interval: it is never reached")
        return found

    def _level(self, of: Measure) -> Real:
        vector = evaluate(of["tree"], self.scope)
        if vector.data.size == 1:
            value = vector.scalar()
            if value is None:
                raise FormulaError("a value of the measurement is not one number")
            return np.full(self.axis.size, float(f"{value:e}"))
        return self.values(of)[0]

    def _crossed(self, values: Real, level: Real, clause: Measure) -> float | None:
        """The crossing that a clause asks for, by the counters of `com_measure_when`."""
        wanted = {key: clause.get(key, -1) for key in ("rise", "fall", "cross")}
        last = {key for key, value in wanted.items() if value == "last"}
        count = {key: -2 if value == "last" else math.floor(self.number(value) + 0.5) for key, value in wanted.items()}
        any_edge = all(value == -1 for value in count.values())
        delay = self.number(clause["td"]) if "td" in clause else 0.0
        places = self.inside(clause)
        if self.analysis == "tran":
            places = places[self.axis[places] >= delay]
        elif self.analysis in {"ac", "sp"}:
            places = places[self.axis[places] >= 0]
        seen = {"rise": 0, "fall": 0, "cross": 0}
        above = False
        previous = -1
        number, found = 0, None
        start = float(self.axis[0])
        for place in places.tolist():
            value, limit = values[place], level[place]
            if number > 1 and self.analysis == "dc" and start == self.axis[place]:
                number = 1
            if number == 1:
                seen["cross"] = 0
                above = not value < limit
                if above and values[previous] <= limit:
                    seen["rise"] = seen["cross"] = 1
            if number > 1:
                pending = False
                if not above and value >= limit:
                    above = True
                    seen["cross"] += 1
                    seen["rise"] += 1
                    pending = count["fall"] != -2
                elif above and value <= limit:
                    above = False
                    seen["cross"] += 1
                    seen["fall"] += 1
                    pending = count["rise"] != -2
                if any(seen[key] == count[key] for key in seen):
                    return self._between(values, level, previous, place)
                if pending and any_edge:
                    return self._between(values, level, previous, place)
                if pending and last:
                    found = self._between(values, level, previous, place)
            number += 1
            previous = place
        return found

    def _between(self, values: Real, level: Real, i: int, j: int) -> float:
        step = self.axis[j] - self.axis[i]
        with np.errstate(all="ignore"):
            if level[i] == level[j]:
                return float(self.axis[i] + (level[i] - values[i]) * step / (values[j] - values[i]))
            return float(self.axis[i] + (level[i] - values[i]) * step / (values[j] - values[i] - level[j] + level[i]))

    def _around(self, at: float) -> int:
        """The place of the second of the two points around a place of the axis."""
        before, after = self.axis[:-1], self.axis[1:]
        held = (before <= at) & (after >= at)
        if self.analysis == "dc":
            held |= (before >= at) & (after <= at)
        places = np.flatnonzero(held)
        if places.size == 0:
            raise FormulaError("out of the interval: the analysis does not reach it")
        return int(places[0]) + 1

    def at(self, values: Real, at: float) -> float:
        j = self._around(at)
        x, y = self.axis, values
        with np.errstate(all="ignore"):
            found = float(y[j - 1] + (at - x[j - 1]) * (y[j] - y[j - 1]) / (x[j] - x[j - 1]))
        if math.isnan(found):
            raise FormulaError("two points of the analysis are at one place")
        return found

    def slope(self, values: Real, at: float) -> float:
        j = self._around(at)
        if self.axis[j] == self.axis[j - 1]:
            raise FormulaError("two points of the analysis are at one place")
        return float((values[j] - values[j - 1]) / (self.axis[j] - self.axis[j - 1]))

    def over(self, kind: str, values: Real, of: str, clause: Measure) -> tuple[float, str]:
        """A measurement over a range."""
        places = self.inside(clause)
        if kind in {"rms", "integ"}:
            found = self._integral(values**2 if kind == "rms" else values, values, clause, kind == "rms")
            per = {"V": "", "A": "", "W": "J"}.get(of, "") if self.analysis == "tran" else ""
            return (found, of) if kind == "rms" else (found, per)
        if places.size == 0:
            raise FormulaError("out of the interval: no point of the analysis lies in it")
        x, y = self.axis[places], values[places]
        if kind == "avg":
            steps = 0.5 * (y[1:] + y[:-1]) * np.diff(x)
            length = _total(np.diff(x))
            if length == 0:
                raise FormulaError("the interval has one point")
            return _total(steps) / length, of
        # of equal values ngspice takes the last
        low, high = (y.size - 1 - int(np.argmin(y[::-1])), y.size - 1 - int(np.argmax(y[::-1])))
        match kind:
            case "min":
                return float(y[low]), of
            case "max":
                return float(y[high]), of
            case "min_at":
                return float(x[low]), self.unit
            case "max_at":
                return float(x[high]), self.unit
            case _:
                return float(y[high] - y[low]), of

    def _integral(self, y: Real, values: Real, clause: Measure, root: bool) -> float:
        """Area under a curve, or the root of its mean: by Simpson's rules where steps are equal, by trapezoids
        elsewhere, as in `measure_rms_integral`.
        """
        low, high = self.window(clause)
        xs: list[float] = []
        ys: list[float] = []
        axis = self.axis

        def between(place: int, at: float) -> float:
            slope = (values[place] - values[place - 1]) / (axis[place] - axis[place - 1])
            found = float(slope * at + (values[place - 1] - slope * axis[place - 1]))
            return found * found if root else found

        begun, stop = None, None
        for place in range(axis.size):
            x, value = float(axis[place]), float(y[place])
            if x < low:
                continue
            if high != 0 and x > high:
                if not same(x, high) and place > 0:
                    value, x = between(place, high), high
                xs.append(x)
                ys.append(value)
                stop = x
                break
            if begun is None:
                if low != 0 and place > 0 and not same(x, low):
                    value, x = between(place, low), low
                begun = x
            xs.append(x)
            ys.append(value)
        if begun is None:
            raise FormulaError("out of the interval: no point of the analysis lies in it")
        found = area(xs, ys)
        if not root:
            return found
        length = (float(axis[-1]) if stop is None else stop) - begun
        if length <= 0 or found < 0:
            raise FormulaError("the interval has no length")
        return math.sqrt(found / length)


def _total(values: Real) -> float:
    """The sum in order: numpy's own order differs in the last digits."""
    return float(np.cumsum(values)[-1]) if values.size else 0.0


def _part(vector: Vector, part: str, degrees: bool) -> tuple[Real, str]:
    if not vector.is_complex:
        return vector.data.astype(np.float64), vector.unit
    data = vector.data
    with np.errstate(all="ignore"):
        match part:
            case "mag":
                return np.hypot(data.real, data.imag), vector.unit
            case "deg":
                phase = np.arctan2(data.imag, data.real)
                return (np.degrees(phase), "deg") if degrees else (phase, "rad")
            case "db":
                return 20.0 * np.log10(np.hypot(data.real, data.imag)), "dB"
            case "im":
                return data.imag.astype(np.float64), vector.unit
            case _:
                return data.real.astype(np.float64), vector.unit
