"""A turn store keeps old turns in an unnamed file, and in memory what a policy needs of all turns: rank key, sizing
hash, proposer.

A day's run has forty thousand turns of three kilobytes. In the store a turn costs forty bytes of memory, and 30 µs when
it is read.
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

from eda_agent.agent.measured import Measured
from eda_agent.agent.score import Score, SpecResult
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint

RankKey = tuple[float, float]
"""Sort key of the incumbent: the score, and the merit of a turn that meets every spec."""


WORST: RankKey = (0.0, 0.0)
"""Rank key of a turn that was not simulated, where one is needed."""


def rank_key_of(turn: Turn) -> RankKey | None:
    """A turn's rank key; None for a turn that was not simulated."""
    return None if turn.score is None else turn.score.rank_key


def sizing_hash(sizing: Mapping[str, float] | None) -> int:
    """A 64-bit hash of a sizing."""
    return hash(None if sizing is None else tuple(sizing.values()))


class TurnStore:
    """Turns in the order of insertion. If the disk is full they stay in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed and gone with the store
        self._ends = array("Q", [0])
        self._kept: dict[int, bytes] = {}
        self._rank_keys = array("d")
        self.proposers: list[str] = []
        self.sizing_hashes = array("q")
        self.corners = array("H")
        self.spent = array("I")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def put(self, turn: Turn) -> None:
        """Add a turn. The policy's text is left out: no policy reads it again, and the journal has it."""
        made = turn.proposal
        self.put_record(
            encode_turn(turn), rank_key_of(turn), made.policy, sizing_hash(turn.sizing), turn.corners, made.spent
        )

    def put_record(
        self, text: bytes, key: RankKey | None, proposer: str, hashed: int, corners: int, spent: int = 0
    ) -> None:
        """Add an encoded turn. `corners`: the number of corners in which it was simulated. `spent`: simulations that
        its tools cost.
        """
        place, end = len(self), self._ends[-1]
        try:
            if os.pwrite(self._file.fileno(), text, end) < len(text):
                raise OSError("disk full")
            end += len(text)
        except OSError:
            self._kept[place] = text
        self._ends.append(end)
        self._rank_keys.extend(key or (nan, nan))
        self.proposers.append(sys.intern(proposer))
        self.sizing_hashes.append(hashed)
        self.corners.append(corners)
        self.spent.append(spent)

    def __getitem__(self, place: int) -> Turn:
        kept = self._kept.get(place)
        if kept is not None:
            return decode_turn(kept)
        begin, end = self._ends[place], self._ends[place + 1]
        return decode_turn(os.pread(self._file.fileno(), end - begin, begin))

    def rank_keys(self, count: int) -> Iterator[RankKey | None]:
        """The rank keys of the first `count` turns."""
        numbers = iter(self._rank_keys[: 2 * count])
        return ((value, merit) if value == value else None for value, merit in zip(numbers, numbers, strict=True))


class StoredTurns(Sequence[Turn]):
    """The first `count` turns of a store, followed by the latest turns as objects. Growing appends to the store and
    does not change this object.
    """

    __slots__ = ("_count", "_last", "_store")

    def __init__(self, store: TurnStore, count: int, last: tuple[Turn, ...]):
        self._store, self._count, self._last = store, count, last

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> StoredTurns:
        """A sequence of these turns; the first of them are written to a new store."""
        return cls(_filled(turns[:1]), 1, tuple(turns[1:]))

    def with_turn(self, turn: Turn) -> StoredTurns:
        """A sequence with one more turn; the oldest turn in memory moves to the store."""
        store = self._store
        if len(store) != self._count:
            # another sequence has grown from here: this one is a different history and needs its own store
            store = _filled(store[place] for place in range(self._count))
        store.put(self._last[0])
        return StoredTurns(store, self._count + 1, (*self._last[1:], turn))

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
        return self._store[place] if place < self._count else self._last[place - self._count]

    def __iter__(self) -> Iterator[Turn]:
        return (self._at(place) for place in range(len(self)))

    @property
    def rank_keys(self) -> list[RankKey | None]:
        return [*self._store.rank_keys(self._count), *map(rank_key_of, self._last)]

    @property
    def proposers(self) -> list[str]:
        return [*islice(self._store.proposers, self._count), *(turn.proposal.policy for turn in self._last)]

    @property
    def corners(self) -> list[int]:
        """The number of simulated corners of each turn."""
        return [*self._store.corners[: self._count], *(turn.corners for turn in self._last)]

    @property
    def spent(self) -> int:
        """Simulations that tools cost in all turns."""
        return sum(self._store.spent[: self._count]) + sum(turn.proposal.spent for turn in self._last)

    @property
    def sizing_hashes(self) -> Iterable[int]:
        return chain(islice(self._store.sizing_hashes, self._count), (sizing_hash(turn.sizing) for turn in self._last))


def _filled(turns: Iterable[Turn]) -> TurnStore:
    store = TurnStore()
    for turn in turns:
        store.put(turn)
    return store


def encode_turn(turn: Turn) -> bytes:
    """A turn as bytes for the store, without the policy's text."""
    made, evaluation, score = turn.proposal, turn.evaluation, turn.score
    words = [made.reasoning, made.error, made.notes, made.policy, made.handover, made.asked]
    if evaluation is None or score is None:
        return record(turn.index, words, turn.sizing, made.sizing, None)
    return record(
        turn.index,
        words,
        turn.sizing,
        made.sizing,
        Measured(
            evaluation.values,
            [(*where, why) for where, why in evaluation.reasons.items()],
            [(testbench, corner, failure.kind, failure.words) for testbench, corner, failure in evaluation.failures],
            {name: [getattr(point, field) for field in FIELDS] for name, point in evaluation.operating_points.items()},
            evaluation.jobs,
            evaluation.cached,
            evaluation.seconds,
            score.value,
            score.merit,
            [
                (one.spec, one.corner, one.why, one.bound, one.value, one.margin, one.satisfaction)
                for one in score.results
            ],
            [(*where, bound) for where, bound in evaluation.bounds.items()],
        ),
    )


def record(
    index: int,
    made: Sequence[Any],
    sizing: Mapping[str, float] | None,
    proposed: Mapping[str, float] | None,
    measured: Measured | None,
) -> bytes:
    """Encode a turn from plain data: texts as JSON after their length, then numbers in binary, because JSON has no
    infinity.

    `made`: reasoning, error, notes, policy, hand-over and `asked` of the proposal; `proposed`: its sizes.
    """
    numbers: list[Any] = []

    def row(values: Mapping[str, float | None] | None) -> list[str] | None:
        if values is None:
            return None
        numbers.extend(values.values())
        return list(values)

    # most proposals are legal unchanged
    words: list[Any] = [index, made, row(sizing), True if proposed == sizing else row(proposed)]
    if measured is not None:
        words += [
            [(corner, row(values)) for corner, values in measured.values.items()],
            measured.reasons,
            measured.failures,
            list(measured.points),
            (measured.jobs, measured.cached),
            [(spec, corner, why, bound, value is None) for spec, corner, why, bound, value, _, _ in measured.results],
            measured.bounds,
        ]
        for point in measured.points.values():
            numbers.extend(point)
        numbers += [measured.seconds, measured.value, measured.merit]
        for *_, value, margin, satisfaction in measured.results:
            numbers += [value, margin, satisfaction]
    text = orjson.dumps(words)
    try:
        held = array("d", numbers)
    except TypeError:
        # most rows have no None
        held = array("d", [nan if number is None else number for number in numbers])
    return len(text).to_bytes(4, "little") + text + held.tobytes()


def decode_turn(data: bytes) -> Turn:
    """The turn that `encode_turn` encoded, without the policy's text."""
    length = int.from_bytes(data[:4], "little")
    words = orjson.loads(data[4 : 4 + length])
    held = array("d")
    held.frombytes(data[4 + length :])
    numbers = iter(held)

    def row(names: list[str]) -> dict[str, Any]:
        return {name: None if (value := next(numbers)) != value else value for name in names}

    index, (reasoning, error, notes, policy, handover, asked), names, other = words[:4]
    sizing = None if names is None else row(names)
    proposed = sizing if other is True else None if other is None else row(other)
    proposal = Proposal(proposed, reasoning, "", error, tuple(notes), policy, handover, asked)
    if len(words) == 4:
        return Turn(index, proposal, sizing, None, None)
    values, reasons, failures, devices, (jobs, cached), results, bounds = words[4:]
    measured = {corner: row(metrics) for corner, metrics in values}
    points = {device: OperatingPoint(*islice(numbers, len(FIELDS))) for device in devices}
    seconds, value, merit = islice(numbers, 3)
    evaluation = Evaluation(
        measured,
        {(corner, spec): why for corner, spec, why in reasons},
        tuple((testbench, corner, Failure(kind, said)) for testbench, corner, kind, said in failures),
        points,
        jobs,
        cached,
        seconds,
        {(corner, spec): bound for corner, spec, bound in bounds},
    )
    told = []
    for spec, corner, why, bound, missing in results:
        reached, margin, satisfaction = islice(numbers, 3)
        told.append(SpecResult(spec, corner, None if missing else reached, margin, satisfaction, why, bound))
    return Turn(index, proposal, sizing, evaluation, Score(value, merit, tuple(told)))
