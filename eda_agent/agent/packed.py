"""A packed turn says what a turn says in half the memory: its numbers lie in arrays. A run of a day has a hundred thousand turns.

Only the model's own words are left out, which no policy reads again and the journal has.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeVar, overload

from eda_agent.agent.score import SpecResult
from eda_agent.errors import InputError
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint

Words = tuple[str, ...]
Number = TypeVar("Number", float, float | None)

_words: dict[Words, Words] = {}


def _shared(words: Words) -> Words:
    """Names are the same in every turn of a run: one tuple for all."""
    return _words.setdefault(words, words)


def _numbers(values: Iterable[float | None]) -> array[float]:
    """nan for None."""
    held = list(values)
    try:
        return array("d", held)  # type: ignore[arg-type]  # mostly there is no None
    except TypeError:
        return array("d", [float("nan") if value is None else value for value in held])


def _number(value: float) -> float | None:
    return value if value == value else None


class Row(Mapping[str, Number]):
    """Name → number, None where there is none (nan inside: a measured value never is)."""

    __slots__ = ("_names", "_numbers")

    def __init__(self, row: Mapping[str, Number]):
        self._names = _shared(tuple(row))
        self._numbers = _numbers(row.values())

    def __getitem__(self, name: str) -> Number:
        try:
            return _number(self._numbers[self._names.index(name)])  # type: ignore[return-value]  # a sizing has no None
        except ValueError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Points(Mapping[str, OperatingPoint]):
    """Device → operating point. `points`: device → (field → number, None for nan), the fields in their order. Raises `InputError` for others."""

    __slots__ = ("_names", "_numbers")

    def __init__(self, points: Mapping[str, Mapping[str, float | None]]):
        self._names = _shared(tuple(points))
        self._numbers = _numbers(chain.from_iterable(point.values() for point in points.values()))
        if len(self._numbers) != len(FIELDS) * len(points) or any(tuple(point) != FIELDS for point in points.values()):
            raise InputError("an operating point has other numbers than this program knows")

    def __getitem__(self, name: str) -> OperatingPoint:
        try:
            first = self._names.index(name) * len(FIELDS)
        except ValueError:
            raise KeyError(name) from None
        return OperatingPoint(*self._numbers[first : first + len(FIELDS)])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Results(Sequence[SpecResult]):
    """Results of specs. `rows`: (spec, corner, value, margin, satisfaction, why) each."""

    __slots__ = ("_numbers", "_words")

    def __init__(self, rows: Sequence[tuple[str, str, float | None, float, float, str]]):
        self._words = _shared(tuple(word for row in rows for word in (row[0], row[1], row[5])))
        self._numbers = _numbers(number for row in rows for number in row[2:5])

    @property
    def specs(self) -> Words:
        """Their names, without unpacking."""
        return self._words[::3]

    @overload
    def __getitem__(self, index: int) -> SpecResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SpecResult]: ...
    def __getitem__(self, index: int | slice) -> SpecResult | Sequence[SpecResult]:
        if isinstance(index, slice):
            return tuple(self)[index]
        place = 3 * range(len(self))[index]
        (spec, corner, why), (value, margin, satisfaction) = self._words[place : place + 3], self._numbers[place : place + 3]
        return SpecResult(spec, corner, _number(value), margin, satisfaction, why)

    def __len__(self) -> int:
        return len(self._words) // 3

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (tuple, Results)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as it compares with tuples
