"""A packed turn says what a turn says in a third of the memory: its numbers lie in arrays. A run of a day has a hundred thousand turns.

Only the model's own words are left out, which no policy reads again and the journal has.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from eda_agent.agent.turn import Turn
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint

RECENT = 300
"""Turns that are left as they are: policies and screens look at the last ones again and again."""

_names: dict[tuple[str, ...], tuple[str, ...]] = {}
"""Names are the same in every turn of a run: one tuple for all."""


def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    return _names.setdefault(names, names)


Number = TypeVar("Number", float, float | None)


class Row(Mapping[str, Number]):
    """Name → number, None where there is none (nan inside: a measured value never is)."""

    __slots__ = ("_names", "_numbers")

    def __init__(self, row: Mapping[str, Number]):
        self._names = _shared(tuple(row))
        self._numbers = array("d", [float("nan") if value is None else value for value in row.values()])

    def __getitem__(self, name: str) -> Number:
        try:
            value = self._numbers[self._names.index(name)]
        except ValueError:
            raise KeyError(name) from None
        # a value constraint of the type checker's: a sizing has no None
        return value if value == value else None  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Points(Mapping[str, OperatingPoint]):
    """Device → operating point, one array for all. `points`: device → (field → number, None for nan), the fields in their order."""

    __slots__ = ("_names", "_numbers")

    def __init__(self, points: Mapping[str, Mapping[str, float | None]]):
        self._names = _shared(tuple(points))
        self._numbers = array("d", [float("nan") if value is None else value for point in points.values() for value in point.values()])

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


def packed(turn: Turn) -> Turn:
    """The same turn in less memory."""
    sizing = None if turn.sizing is None else Row(turn.sizing)
    proposed = turn.proposal.sizing
    proposal = replace(turn.proposal, reply="", sizing=sizing if proposed == turn.sizing else None if proposed is None else Row(proposed))
    evaluation = turn.evaluation
    if evaluation is not None:
        evaluation = replace(
            evaluation,
            values={corner: Row(row) for corner, row in evaluation.values.items()},
            operating_points=Points({name: point.data() for name, point in evaluation.operating_points.items()}),
        )
    return replace(turn, proposal=proposal, sizing=sizing, evaluation=evaluation)
