"""A Ray pool is an executor on the machines of a Ray cluster: one actor per core, each with its own ngspice worker.

On every machine a local pool runs ngspice and replaces a worker that hangs or crashes. A lost machine costs
the simulations that it had in flight, which others repeat. A machine that returns or is added is used as soon as an
actor fits on it.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from eda_agent import __version__
from eda_agent.errors import WorkerError
from eda_agent.simulation.executor import Dispatcher, Done, Preparation, WorkerRequest
from eda_agent.simulation.ray_actor import RayActor
from eda_agent.simulation.ray_cluster import LOCAL, connect

DEPTH = 2
"""Number of calls that an actor may hold: the next one waits there."""
BATCH = 16
"""Maximum number of requests per call: a call costs a millisecond, a short simulation five."""
START_TIMEOUT = 240.0
MAX_LOSSES = 5
"""Number of machines with which one simulation may be lost before it is an error."""


@dataclass(eq=False)
class _Actor:
    """`calls`: held calls, oldest first. `known`: deck key → the preparation that it has received."""

    handle: Any
    ready: bool = False
    alive: bool = True
    calls: deque[list[WorkerRequest]] = field(default_factory=deque)
    known: dict[str, Preparation | None] = field(default_factory=dict)


class RayPool(Dispatcher):
    """Actors on a cluster. `address`: `LOCAL`, "auto" for the cluster on this machine, HOST:PORT for another.
    `workers`: None for all cores.

    Raises `MissingError` without Ray and `InputError` if no cluster answers.
    """

    def __init__(self, address: str = LOCAL, workers: int | None = None):
        super().__init__()
        self._ray = connect(address, workers)
        self._type = self._ray.remote(num_cpus=1, max_restarts=0)(RayActor)
        self.size = workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self.lost = 0
        self.sandbox: list[str] = []
        self._version = ""
        self._arrived: queue.SimpleQueue[tuple[_Actor, list[WorkerRequest] | None, Future[Any]]] = queue.SimpleQueue()
        self._libraries: dict[str, Any] = {}
        self._compiled: tuple[str, ...] = ()
        self._actors = [self._start() for _ in range(self.size)]

    @property
    def version(self) -> str:
        """The simulator's version; waits for the first actor."""
        while not self._version:
            self._take({}, set())
        return self._version

    def require(self, compiled: tuple[Path, ...]) -> None:
        """Have compiled models, at the same path on every machine, in every actor; actors without them are replaced."""
        if set(map(str, compiled)) <= set(self._compiled):
            return
        self._compiled, self._version = tuple(sorted({*self._compiled, *map(str, compiled)})), ""
        for actor in list(self._actors):
            self._replace(actor)
        self.lost -= len(self._actors)

    def close(self) -> None:
        """End all actors; the cluster too if it is private."""
        for actor in self._actors:
            actor.alive = False
            with contextlib.suppress(Exception):
                self._ray.kill(actor.handle)
        self._actors.clear()
        self._libraries.clear()
        self._ray.shutdown()

    def __enter__(self) -> RayPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def dispatch(self, requests: Sequence[WorkerRequest], done: Done | None = None) -> list[dict[str, Any]]:
        waiting, mine = deque(requests), {id(request) for request in requests}
        replies: dict[int, dict[str, Any]] = {}
        while len(replies) < len(requests):
            self._fill(waiting)
            before = len(replies)
            waiting.extendleft(reversed(self._take(replies, mine)))
            # the actors continue while the results are stored
            self._fill(waiting)
            if done is not None:
                for index in list(replies)[before:]:
                    done(index, replies[index])
        return [replies[request.index] for request in requests]

    def _start(self) -> _Actor:
        actor = _Actor(self._type.remote(self._compiled))
        self._expect(actor, None, actor.handle.ready.remote())
        return actor

    def _expect(self, actor: _Actor, call: list[WorkerRequest] | None, reference: Any) -> None:
        """Let the reply to a call enter the queue from Ray's own thread: polling thousands of references would not
        scale.
        """
        future: Future[Any] = reference.future()
        future.add_done_callback(lambda ended: self._arrived.put((actor, call, ended)))

    def _fill(self, waiting: deque[WorkerRequest]) -> None:
        """Send what can be sent: a call to each actor without one, then a second one; long queues in larger calls."""
        for depth in range(1, DEPTH + 1):
            for actor in self._actors:
                if waiting and actor.ready and len(actor.calls) < depth:
                    share = -(-len(waiting) // (4 * len(self._actors)))
                    self._send(actor, [waiting.popleft() for _ in range(min(share, BATCH, len(waiting)))])

    def _send(self, actor: _Actor, call: list[WorkerRequest]) -> None:
        batch = []
        for request in call:
            message = request.message()
            preparation = self.preparations.get(request.deck.key) if message["do"] == "run" else None
            self._tell(actor, request, preparation)
            batch.append((request.deck.key, orjson.dumps(message), request.timeout))
        actor.calls.append(call)
        self._expect(actor, call, actor.handle.answer.remote(batch))

    def _tell(self, actor: _Actor, request: WorkerRequest, preparation: Preparation | None) -> None:
        deck = request.deck
        if deck.key in actor.known and actor.known[deck.key] is preparation:
            return
        if deck.models_name not in self._libraries:
            self._libraries[deck.models_name] = self._ray.put(deck.models.encode())
        found = (preparation.flat, preparation.nodeset, preparation.deviation) if preparation else None
        # calls of one caller are answered in order: this one before the request
        actor.handle.learn.remote(
            deck.key, deck.models_name, self._libraries[deck.models_name], orjson.dumps(deck.wire()), found
        )
        actor.known[deck.key] = preparation

    def _take(self, replies: dict[int, dict[str, Any]], mine: set[int]) -> list[WorkerRequest]:
        """Receive replies, waiting for the first; returns the requests that must be repeated. `mine`: those of this
        caller, by identity.
        """
        retry: list[WorkerRequest] = []
        for actor, call, ended in self._next():
            if not actor.alive:
                continue
            try:
                answer = ended.result()
            except self._ray.exceptions.RayTaskError as error:
                raise WorkerError(f"a simulator of the cluster does not work: {str(error.cause).strip()}") from None
            except self._ray.exceptions.RayError:
                retry.extend(request for lost in actor.calls for request in lost if id(request) in mine)
                self._replace(actor)
                continue
            if call is None:
                self._greet(actor, answer)
                continue
            actor.calls.remove(call)
            for request, reply in zip(call, answer, strict=True):
                # replies for an interrupted caller still arrive: they are dropped
                if id(request) in mine:
                    replies[request.index] = orjson.loads(reply)
        again = []
        for request in retry:
            request.attempts += 1
            if request.attempts < MAX_LOSSES:
                again.append(request)
            else:
                replies[request.index] = {
                    "failure": {"kind": "crash", "words": f"{request.attempts} machines were lost with it"},
                    "seconds": 0.0,
                }
        return again

    def _next(self) -> Iterator[tuple[_Actor, list[WorkerRequest] | None, Future[Any]]]:
        """The next arrivals; waits for one. Raises `WorkerError` if no actor is left."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with contextlib.suppress(queue.Empty):
                yield self._arrived.get(timeout=1.0)
                break
            if time.monotonic() > deadline and not any(actor.ready for actor in self._actors):
                raise WorkerError(
                    f"no machine of the cluster has had a free core for {START_TIMEOUT:g} s\n    → see `ray status`;"
                    " --resume continues the run"
                )
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._arrived.get_nowait()

    def _replace(self, actor: _Actor) -> None:
        """Start a replacement for a lost actor; it starts where and when the cluster has a free core."""
        actor.alive = False
        self.lost += 1
        with contextlib.suppress(Exception):
            self._ray.kill(actor.handle)
        self._actors[self._actors.index(actor)] = self._start()

    def _greet(self, actor: _Actor, words: Mapping[str, Any]) -> None:
        """Accept a started actor. Raises `WorkerError` if its results would differ from those of the others."""
        if words["version"] != __version__:
            raise WorkerError(
                f"{words['host']} has eda-agent {words['version']}, this machine {__version__}\n    → install the same"
                " on every machine"
            )
        self._version = self._version or words["ngspice"]
        if words["ngspice"] != self._version:
            raise WorkerError(
                f"{words['host']} has ngspice {words['ngspice']}, others {self._version}: their results would differ\n "
                "   → install the same on every machine"
            )
        self.sandbox = words["sandbox"]
        actor.ready = True
