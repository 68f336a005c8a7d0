"""A shelf holds the turns of long ago in an unnamed file, and in memory what a policy asks of all of them: how good, which sizes, whose.

A run of a day has forty thousand turns of three kilobytes. On the shelf one costs a hundred bytes of memory, and 30 µs when it is looked at again.
"""

from __future__ import annotations

import os
import sys
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from math import nan
from typing import Any, overload

import orjson

from eda_agent.agent.score import Score, SpecResult
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.simulation.evaluate import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint

Order = tuple[float, float]
"""What the incumbent is the largest of: score, and the merit of a turn that meets everything."""


WORST: Order = (0.0, 0.0)
"""Of a turn that was not simulated, where one must be given."""


def order_of(turn: Turn) -> Order | None:
    """None for a turn that was not simulated."""
    return None if turn.score is None else turn.score.order


def mark_of(turn: Turn) -> int:
    """A number that only one sizing has, as far as 64 bits tell."""
    return hash(None if turn.sizing is None else tuple(turn.sizing.values()))


class Shelf:
    """Turns in the order in which they were put. Where the disk is full they stay in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed and gone with the shelf
        self._ends = array("Q", [0])
        self._kept: dict[int, Turn] = {}
        self._orders = array("d")
        self.proposers: list[str] = []
        self.marks = array("q")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def put(self, turn: Turn) -> None:
        """The model's own words are left out, which no policy reads again and the journal has."""
        place, end = len(self), self._ends[-1]
        try:
            text = encoded(turn)
            if os.pwrite(self._file.fileno(), text, end) < len(text):
                raise OSError("disk full")
            end += len(text)
        except OSError:
            self._kept[place] = turn
        self._ends.append(end)
        self._orders.extend(order_of(turn) or (nan, nan))
        self.proposers.append(sys.intern(turn.proposal.policy))
        self.marks.append(mark_of(turn))

    def __getitem__(self, place: int) -> Turn:
        kept = self._kept.get(place)
        if kept is not None:
            return kept
        begin, end = self._ends[place], self._ends[place + 1]
        return decoded(os.pread(self._file.fileno(), end - begin, begin))

    def orders(self, count: int) -> Iterator[Order | None]:
        """Those of the first `count` turns."""
        numbers = iter(self._orders[: 2 * count])
        return ((value, merit) if value == value else None for value, merit in zip(numbers, numbers, strict=True))


class ShelvedTurns(Sequence[Turn]):
    """The first `count` turns of a shelf, and the last ones as they are. Growing writes to the shelf and leaves what is here as it is."""

    __slots__ = ("_count", "_last", "_shelf")

    def __init__(self, shelf: Shelf, count: int, last: tuple[Turn, ...]):
        self._shelf, self._count, self._last = shelf, count, last

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> ShelvedTurns:
        """These turns, the first of them on a new shelf."""
        return cls(_filled(turns[:1]), 1, tuple(turns[1:]))

    def grown(self, turn: Turn) -> ShelvedTurns:
        """With one more turn; the oldest of the last ones goes to the shelf."""
        shelf = self._shelf
        if len(shelf) != self._count:
            # somebody else went on from here: what is put now is another history
            shelf = _filled(shelf[place] for place in range(self._count))
        shelf.put(self._last[0])
        return ShelvedTurns(shelf, self._count + 1, (*self._last[1:], turn))

    def __len__(self) -> int:
        return self._count + len(self._last)

    @overload
    def __getitem__(self, index: int) -> Turn: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Turn]: ...
    def __getitem__(self, index: int | slice) -> Turn | Sequence[Turn]:
        if isinstance(index, slice):
            return tuple(self._at(place) for place in range(len(self))[index])
        return self._at(range(len(self))[index])

    def _at(self, place: int) -> Turn:
        return self._shelf[place] if place < self._count else self._last[place - self._count]

    def __iter__(self) -> Iterator[Turn]:
        return (self._at(place) for place in range(len(self)))

    @property
    def orders(self) -> list[Order | None]:
        return [*self._shelf.orders(self._count), *map(order_of, self._last)]

    @property
    def proposers(self) -> list[str]:
        return [*islice(self._shelf.proposers, self._count), *(turn.proposal.policy for turn in self._last)]

    @property
    def marks(self) -> Iterable[int]:
        return chain(islice(self._shelf.marks, self._count), map(mark_of, self._last))


def _filled(turns: Iterable[Turn]) -> Shelf:
    shelf = Shelf()
    for turn in turns:
        shelf.put(turn)
    return shelf


def encoded(turn: Turn) -> bytes:
    """Words as JSON behind their length, then numbers as they are: JSON has no infinity."""
    numbers = array("d")

    def row(values: Mapping[str, float | None] | None) -> list[str] | None:
        if values is None:
            return None
        numbers.extend(nan if value is None else value for value in values.values())
        return list(values)

    made, evaluation, score = turn.proposal, turn.evaluation, turn.score
    words: list[Any] = [turn.index, [made.reasoning, made.error, made.notes, made.policy, made.handover], row(turn.sizing)]
    # mostly a proposal is legal as it is
    words.append(True if made.sizing == turn.sizing else row(made.sizing))
    if evaluation is not None and score is not None:
        words.append([(corner, row(values)) for corner, values in evaluation.values.items()])
        words.append([(*where, why) for where, why in evaluation.reasons.items()])
        words.append([(testbench, corner, failure.kind, failure.words) for testbench, corner, failure in evaluation.failures])
        words.append(list(evaluation.operating_points))
        for point in evaluation.operating_points.values():
            numbers.extend(getattr(point, field) for field in FIELDS)
        words.append([evaluation.jobs, evaluation.cached])
        words.append([(one.spec, one.corner, one.why, one.value is None) for one in score.results])
        numbers.extend([evaluation.seconds, score.value, score.merit])
        for one in score.results:
            numbers.extend([nan if one.value is None else one.value, one.margin, one.satisfaction])
    text = orjson.dumps(words)
    return len(text).to_bytes(4, "little") + text + numbers.tobytes()


def decoded(data: bytes) -> Turn:
    """The turn that `encoded` was given, without the model's own words."""
    length = int.from_bytes(data[:4], "little")
    words = orjson.loads(data[4 : 4 + length])
    held = array("d")
    held.frombytes(data[4 + length :])
    numbers = iter(held)

    def row(names: list[str]) -> dict[str, Any]:
        return {name: None if (value := next(numbers)) != value else value for name in names}

    index, (reasoning, error, notes, policy, handover), names, other = words[:4]
    sizing = None if names is None else row(names)
    proposed = sizing if other is True else None if other is None else row(other)
    proposal = Proposal(proposed, reasoning, "", error, tuple(notes), policy, handover)
    if len(words) == 4:
        return Turn(index, proposal, sizing, None, None)
    values, reasons, failures, devices, (jobs, cached), results = words[4:]
    measured = {corner: row(metrics) for corner, metrics in values}
    points = {device: OperatingPoint(*islice(numbers, len(FIELDS))) for device in devices}
    seconds, value, merit = islice(numbers, 3)
    evaluation = Evaluation(
        measured, {(corner, spec): why for corner, spec, why in reasons}, tuple((testbench, corner, Failure(kind, said)) for testbench, corner, kind, said in failures),
        points, jobs, cached, seconds,
    )  # fmt: skip
    told = []
    for spec, corner, why, missing in results:
        reached, margin, satisfaction = islice(numbers, 3)
        told.append(SpecResult(spec, corner, None if missing else reached, margin, satisfaction, why))
    return Turn(index, proposal, sizing, evaluation, Score(value, merit, tuple(told)))
