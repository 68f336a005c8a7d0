"""An evaluator simulates sizings in every testbench and every corner. This is the only place that fans out.

Results come from the cache if the same deck was simulated before, and new ones are stored there at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import ResultCache
from eda_agent.simulation.collect import collect
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.executor import Executor, Preparation, Task
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.pending import Pending
from eda_agent.simulation.preparing import prepare
from eda_agent.simulation.reply import sound
from eda_agent.simulation.window import wider
from eda_agent.simulation.workbench import Workbench

CONTENT_VERSION = 22
"""Part of every cache key: raised when measurements or sessions change their results."""


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
        return Evaluator(problem, workbench, self.executor, self.cache, keep_points=self._keep_points)

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
                    timeout=deck.limit(self.problem.budget.timeout),
                    wanted_only=True,
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
            collect(self.problem, pending, number, self._shown, self._keep_points)
            for number in range(len(pending.instances))
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
                timeout=deck.limit(self.problem.budget.timeout),
            )
            for deck in self.workbench.decks
        ]
        return {
            (deck.testbench, deck.corner): reply
            for deck, reply in zip(self.workbench.decks, self.executor.run(tasks), strict=True)
        }

    def prepare(self) -> dict[str, Preparation]:
        """Prepare the decks once; the result is empty if they are prepared."""
        if self._prepared:
            return {}
        preparations = prepare(self.problem, self.workbench, self.executor, self.cache, self._hash)
        self._prepared = True
        return preparations

    def _key(self, deck: Deck, instance: Instance) -> str:
        return self._hash("run", deck.key, deck.key in self.biased, instance.circuit)

    def _hash(self, *parts: object) -> str:
        return hashlib.sha256(repr((CONTENT_VERSION, self.executor.version, *parts)).encode()).hexdigest()


class CornerView:
    """One corner of an evaluator, as the simulator of a problem with that corner alone."""

    def __init__(self, evaluator: Evaluator, corner: str):
        self.evaluator, self.corner = evaluator, corner

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        return self.evaluator.evaluate(sizings, [self.corner])


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
