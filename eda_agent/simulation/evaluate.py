"""An evaluation is one sizing in every testbench and every corner. This is the only place that fans out.

Results come from the cache if the same deck was simulated before, and new ones are stored there at once.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem, Spec
from eda_agent.simulation.bias import worst_device
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.executor import Executor, Preparation, Task
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.operating_point import OperatingPoint, operating_point
from eda_agent.simulation.reply import sound, sound_preparation
from eda_agent.simulation.window import merged, wider
from eda_agent.simulation.workbench import Workbench

CONTENT_VERSION = 11
"""Part of every cache key: raised when measurements or sessions change their results."""


class ResultCache(Protocol):
    """The interface of a cache: JSON objects by key."""

    def get_many(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The stored values of these keys; missing ones are left out."""

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Store a value; an entry may be lost."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of one sizing.

    Attributes:
        values: corner → spec → value in SI units, None without one. Corners that were not simulated, and specs that do
            not count in a
            corner, are missing.
        reasons: (corner, spec) → why there is no value, why it is censored, or the device of the value.
        bounds: (corner, spec) → ">" or "<" of a censored value: the true value is above or below it.
        failures: (testbench, corner, failure).
        jobs: testbench-corner runs, of which `cached` came from the cache.
        seconds: the simulators' time.
        operating_points: device → bias, in the first corner.
        corner_points: corner → the same, of an evaluator that keeps them.
    """

    values: Mapping[str, Mapping[str, float | None]]
    reasons: Mapping[tuple[str, str], str]
    failures: tuple[tuple[str, str, Failure], ...]
    operating_points: Mapping[str, OperatingPoint]
    jobs: int
    cached: int
    seconds: float
    bounds: Mapping[tuple[str, str], str] = field(default_factory=dict)
    corner_points: Mapping[str, Mapping[str, OperatingPoint]] = field(default_factory=dict)


def joined(one: Evaluation, other: Evaluation) -> Evaluation:
    """Two evaluations of the same sizing in different corners as one."""
    return Evaluation(
        values={**one.values, **other.values},
        reasons={**one.reasons, **other.reasons},
        failures=one.failures + other.failures,
        operating_points=one.operating_points or other.operating_points,
        jobs=one.jobs + other.jobs,
        cached=one.cached + other.cached,
        seconds=one.seconds + other.seconds,
        bounds={**one.bounds, **other.bounds},
        corner_points={**one.corner_points, **other.corner_points},
    )


class Simulator(Protocol):
    """The simulator as the agent sees it. `Evaluator` runs ngspice, `FunctionSimulator` is for tests."""

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        """Simulate sizings.

        Args:
            sizings: legal ones, parameter → value in SI units.
            corners: names of the corners to simulate; None for all.

        Returns:
            one evaluation per sizing, in order. A failed simulation is part of its evaluation, not an exception.
        """


class Evaluator:
    """Evaluates sizings of a problem on an executor.

    Args:
        problem: what to measure.
        workbench: the problem's decks.
        executor: runs the simulations.
        cache: stores replies.
        points_everywhere: read operating points in the first simulated corner instead of the first corner.
        keep_points: keep operating points of every corner (`Evaluation.corner_points`).
    """

    def __init__(
        self,
        problem: Problem,
        workbench: Workbench,
        executor: Executor,
        cache: ResultCache,
        *,
        points_everywhere: bool = False,
        keep_points: bool = False,
    ):
        self.problem, self.workbench, self.executor, self.cache = problem, workbench, executor, cache
        if workbench.compiled:
            executor.require(workbench.compiled)
        self._prepared = False
        self._keep_points = keep_points
        # one testbench of a corner has all operating points
        shown = [corner.name for corner in problem.corners][: None if points_everywhere or keep_points else 1]
        biased = [
            [deck for deck in workbench.decks if deck.corner == name and any(kind == "op" for kind, _ in deck.analyses)]
            for name in shown
        ]
        self._shown = {decks[0].key for decks in biased if decks}
        asked = {
            (spec.testbench, corner.name)
            for spec in problem.specs
            if spec.devices
            for corner in problem.corners
            if spec.counts_in(corner.name)
        }
        self.biased = self._shown | {deck.key for deck in workbench.decks if (deck.testbench, deck.corner) in asked}
        """Keys of the decks whose operating points are read."""

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        """Evaluate sizings, with all their jobs in parallel.

        Args:
            sizings: legal ones (see `DesignSpace.snap`), parameter → value in SI units.
            corners: names of the corners to simulate; None for all.

        Returns:
            one evaluation per sizing, in order.

        Raises:
            WorkerError: simulators cannot be kept alive.
        """
        return evaluate_together([(self, sizings, corners)])[0]

    def for_problem(self, problem: Problem) -> Evaluator:
        """An evaluator of another problem on the same workers, cache and model libraries."""
        workbench = Workbench(problem, self.workbench.cache)
        return Evaluator(problem, workbench, self.executor, self.cache)

    def begin(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> Pending:
        """The remaining tasks of an evaluation, and the cached results."""
        instances = [self.workbench.instance(sizing) for sizing in sizings]
        decks = [deck for deck in self.workbench.decks if corners is None or deck.corner in corners]
        pending = Pending(instances, decks, corners, jobs=[0] * len(sizings), cached=[0] * len(sizings))
        self._ask(pending, [((number, deck.key), deck) for number in range(len(instances)) for deck in decks])
        return pending

    def _ask(self, pending: Pending, wanted: Sequence[tuple[tuple[int, str], Deck]]) -> None:
        """Take the known results of some decks from the cache, by their place in `replies`, with the wider windows that
        they need; the rest becomes tasks.
        """
        keys = [self._key(deck, pending.instances[number]) for (number, _), deck in wanted]
        known = self.cache.get_many(keys)
        taken = []
        for ((number, base), deck), key in zip(wanted, keys, strict=True):
            pending.jobs[number] += 1
            pending.latest[number, base] = deck
            if key in known and sound(known[key]):
                pending.take((number, base), known[key])
                pending.cached[number] += 1
                taken.append((number, base))
            else:
                task = Task(
                    deck,
                    pending.instances[number],
                    operating_point=deck.key in self.biased,
                    timeout=self.problem.budget.timeout,
                )
                pending.tasks.append(task)
                pending.keys.append(key)
                pending.places.append((number, base))
        if pending.tasks:
            self.prepare()
            for task, (_, base) in zip(pending.tasks, pending.places, strict=True):
                if task.deck.level:
                    self.executor.adopt(task.deck, self.executor.preparations[base])
        self._widen(pending, taken)

    def _widen(self, pending: Pending, places: Sequence[tuple[int, str]]) -> None:
        """Request wider windows for the last replies that need them."""
        decks = {place: wider(pending.latest[place], pending.replies[place]) for place in places}
        if again := [(place, deck) for place, deck in decks.items() if deck is not None]:
            self._ask(pending, again)

    def go_on(self, pending: Pending) -> None:
        """Request the wider windows that the replies to the tasks need. They replace the finished tasks."""
        answered = list(pending.places)
        for finished in (pending.tasks, pending.keys, pending.places):
            finished.clear()
        self._widen(pending, answered)

    def keep(self, pending: Pending, index: int, reply: dict[str, Any]) -> None:
        """Store the reply to one of the pending tasks."""
        if not sound(reply):
            reply = {
                "failure": {"kind": "crash", "words": "the simulator's process returned something that is not a reply"},
                "seconds": 0.0,
            }
        pending.take(pending.places[index], reply)
        # a time-out or a crash may be the machine's fault, so it is not cached
        if reply.get("failure", {}).get("kind") not in {"timeout", "crash"}:
            self.cache.put(pending.keys[index], reply)

    def finish(self, pending: Pending) -> list[Evaluation]:
        """The evaluations, once every task has a reply."""
        return [
            self._collect(
                instance,
                {deck: pending.replies[number, deck.key] for deck in pending.decks},
                pending.jobs[number],
                pending.cached[number],
                pending.corners,
            )
            for number, instance in enumerate(pending.instances)
        ]

    def waveforms(self, sizing: Sizing) -> dict[tuple[str, str], dict[str, Any]]:
        """(testbench, corner) → reply with waveforms, simulated without the cache, each in its first window; the
        first testbench of a corner whose operating points are kept has these too.
        """
        instance = self.workbench.instance(sizing)
        self.prepare()
        tasks = [
            Task(
                deck,
                instance,
                operating_point=deck.key in self._shown,
                waveforms=True,
                timeout=self.problem.budget.timeout,
            )
            for deck in self.workbench.decks
        ]
        return {
            (deck.testbench, deck.corner): reply
            for deck, reply in zip(self.workbench.decks, self.executor.run(tasks), strict=True)
        }

    def prepare(self) -> dict[str, Preparation]:
        """Determine how each deck can be loaded and altered, once per deck and user; the result is cached."""
        preparations: dict[str, Preparation] = {}
        if self._prepared:
            return preparations
        space = self.problem.space
        first = self.workbench.instance(space.initial)
        # any second sizing is suitable if every parameter changes and it simulates: a step of a tenth of each range,
        # seeded
        draw = random.Random(0)
        moved = [position + draw.choice((-0.1, 0.1)) for position in space.to_unit(space.initial)]
        second = self.workbench.instance(space.from_unit([-p if p < 0 else 2 - p if p > 1 else p for p in moved]))
        keys = {
            deck.key: self._hash("prepare", deck.key, first.circuit, second.circuit) for deck in self.workbench.decks
        }
        known = self.cache.get_many(list(keys.values()))
        new = []
        for deck in self.workbench.decks:
            kept = known.get(keys[deck.key])
            if sound_preparation(kept):
                assert kept is not None
                preparations[deck.key] = Preparation(kept["flat"], kept["nodeset"], kept["deviation"])
                self.executor.adopt(deck, preparations[deck.key])
            else:
                new.append(deck)
        for deck, done in zip(
            new, self.executor.prepare(new, first, second, 10 * self.problem.budget.timeout), strict=True
        ):
            preparations[deck.key] = done
            if done.deviation is not None or done.nodeset:
                self.cache.put(
                    keys[deck.key], {"flat": done.flat, "nodeset": done.nodeset, "deviation": done.deviation}
                )
        self._prepared = True
        return preparations

    def _key(self, deck: Deck, instance: Instance) -> str:
        return self._hash("run", deck.key, deck.key in self.biased, instance.circuit)

    def _hash(self, *parts: object) -> str:
        return hashlib.sha256(repr((CONTENT_VERSION, self.executor.version, *parts)).encode()).hexdigest()

    def _collect(
        self,
        instance: Instance,
        replies: Mapping[Deck, dict[str, Any]],
        jobs: int,
        cached: int,
        corners: Collection[str] | None = None,
    ) -> Evaluation:
        by_place = {(deck.testbench, deck.corner): reply for deck, reply in replies.items()}
        values: dict[str, dict[str, float | None]] = {}
        reasons: dict[tuple[str, str], str] = {}
        bounds: dict[tuple[str, str], str] = {}
        failures = []
        points: dict[str, dict[str, OperatingPoint]] = {}
        for deck, reply in replies.items():
            if "failure" in reply:
                failures.append(
                    (deck.testbench, deck.corner, Failure(reply["failure"]["kind"], reply["failure"]["words"]))
                )
            elif deck.key in self._shown:
                points[deck.corner] = {
                    label: operating_point(numbers) for label, numbers in reply.get("operating_point", {}).items()
                }
        for corner_ in self.problem.corners:
            if corners is not None and corner_.name not in corners:
                continue
            row = values[corner_.name] = {}
            for spec in self.problem.specs:
                if not spec.counts_in(corner_.name):
                    continue
                if not spec.testbench:
                    row[spec.name] = instance.parts.gate_area
                    continue
                value, why, bound = measured(spec, by_place[spec.testbench, corner_.name], instance)
                row[spec.name] = value
                if why:
                    reasons[corner_.name, spec.name] = why
                if bound:
                    bounds[corner_.name, spec.name] = bound
        seconds = sum(reply.get("seconds", 0.0) for reply in by_place.values())
        first = next(iter(points.values()), {})
        kept = points if self._keep_points else {}
        return Evaluation(values, reasons, tuple(failures), first, jobs, cached, seconds, bounds, kept)


def measured(spec: Spec, reply: Mapping[str, Any], instance: Instance) -> tuple[float | None, str, str]:
    """(value, its device or why it is censored, bound), or (None, the reason, ""), of a spec from its testbench's
    reply.
    """
    if "metrics" not in reply:
        return None, "the simulation failed", ""
    if spec.devices:
        widths = instance.parts.widths if spec.metric.name == "current_density" else {}
        return *worst_device(spec, reply.get("operating_point", {}), widths), ""
    value, why, bound = reply["metrics"].get(spec.metric.name, (None, "the simulation failed", ""))
    return value, why, bound


class CornerView:
    """One corner of an evaluator, as the simulator of a problem with that corner alone."""

    def __init__(self, evaluator: Evaluator, corner: str):
        self.evaluator, self.corner = evaluator, corner

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        return self.evaluator.evaluate(sizings, [self.corner])


@dataclass(frozen=True)
class Pending:
    """An unfinished evaluation: `tasks` to simulate, with the cache's `keys` and their `places` (sizing, deck) in
    `replies`.

    `latest`: place → the last requested deck there, with the widest window so far. `jobs`, `cached`: by sizing.
    """

    instances: Sequence[Instance]
    decks: Sequence[Deck]
    corners: Collection[str] | None
    jobs: list[int]
    cached: list[int]
    tasks: list[Task] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    places: list[tuple[int, str]] = field(default_factory=list)
    replies: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    latest: dict[tuple[int, str], Deck] = field(default_factory=dict)

    def take(self, place: tuple[int, str], reply: dict[str, Any]) -> None:
        """Store a reply, or what it adds to the reply of a narrower window."""
        narrow = self.replies.get(place)
        self.replies[place] = reply if narrow is None else merged(narrow, reply)


def evaluate_together(
    requests: Sequence[tuple[Evaluator, Sequence[Sizing], Collection[str] | None]],
) -> list[list[Evaluation]]:
    """Evaluations of several problems in parallel on their shared executor."""
    begun = [evaluator.begin(sizings, corners) for evaluator, sizings, corners in requests]
    while tasks := [task for pending in begun for task in pending.tasks]:
        owners = [(number, index) for number, pending in enumerate(begun) for index in range(len(pending.tasks))]

        def keep(place: int, reply: dict[str, Any], owners: Sequence[tuple[int, int]] = owners) -> None:
            number, index = owners[place]
            requests[number][0].keep(begun[number], index, reply)

        requests[0][0].executor.run(tasks, keep)
        for (evaluator, _, _), pending in zip(requests, begun, strict=True):
            evaluator.go_on(pending)
    return [evaluator.finish(pending) for (evaluator, _, _), pending in zip(requests, begun, strict=True)]
