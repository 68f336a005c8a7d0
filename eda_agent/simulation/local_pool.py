"""A local pool is an executor of worker processes on this machine, which are replaced when they exit, hang or crash."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eda_agent.errors import WorkerError
from eda_agent.simulation.executor import Dispatcher, Done, WorkerRequest
from eda_agent.simulation.limits import too_small
from eda_agent.simulation.ngspice import find_library
from eda_agent.simulation.scratch import Scratch
from eda_agent.simulation.worker_process import WorkerProcess, start_worker

MAX_START_FAILURES = 3
MAX_KILLS = 20
"""Number of consecutive times that a worker, or the workers of one simulation, may be killed from outside before it is
an error.
"""


class LocalPool(Dispatcher):
    """Worker processes on this machine, replaced when they exit, hang, crash or have run `RECYCLE` times. They start at
    once, except those that would take the caller's core during its preparation: these start with the first requests.
    """

    def __init__(self, workers: int | None = None):
        super().__init__()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.size = workers or cores
        self.replaced = 0
        self._version = ""
        self.sandbox: list[str] = []
        """The layers of the workers' sandbox (`sandbox.confine`); known with the version."""
        self._compiled: tuple[Path, ...] = ()
        self._start_failures = 0
        self._kills = 0
        self._selector = selectors.DefaultSelector()
        self._scratch = Scratch()
        self._workers = [self._start() for _ in range(min(self.size, max(1, cores - 1)))]

    @property
    def version(self) -> str:
        """The simulator's version; waits for the first worker."""
        while not self._version:
            self._wait(self._time_left(), {})
        return self._version

    def require(self, compiled: tuple[Path, ...]) -> None:
        """Have compiled models in every worker's ngspice. Workers without them are replaced."""
        if set(compiled) <= set(self._compiled):
            return
        if compiled:
            # says what to install, before a worker fails
            find_library(compiled=True)
        self._compiled, self._version = tuple(sorted({*self._compiled, *compiled})), ""
        for worker in list(self._workers):
            self._stop(worker)
            self._workers[self._workers.index(worker)] = self._start()

    def close(self) -> None:
        """End all workers; a busy one is killed."""
        for worker in self._workers:
            self._stop(worker)
        self._workers.clear()
        self._selector.close()
        self._scratch.close()

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pids(self) -> list[int]:
        """Process ids of the workers (for tests and for the status line)."""
        return [worker.process.pid for worker in self._workers]

    def _start(self) -> WorkerProcess:
        worker = start_worker(self._scratch.take(), self._compiled)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        return worker

    def _stop(self, worker: WorkerProcess) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(worker.connection)
        worker.end()
        self._scratch.give(worker.folder)

    def _replace(self, worker: WorkerProcess) -> WorkerProcess:
        if not worker.ready:
            self._count_failure(worker)
        self._stop(worker)
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        self.replaced += 1
        return fresh

    def _count_failure(self, worker: WorkerProcess) -> None:
        """Count a worker that ended before it was ready. Raises `WorkerError` after too many; `MissingError` at once if
        there is no ngspice.
        """
        killed = worker.was_killed()
        if not killed:
            find_library(compiled=bool(self._compiled))
        self._kills += killed
        self._start_failures += not killed
        if self._kills >= MAX_KILLS:
            raise WorkerError(
                f"simulator workers were killed from outside before they had started, {self._kills} times in a row\n"
                "    → check whether the machine is out of memory (`dmesg`), or use fewer with --workers"
            )
        if self._start_failures >= MAX_START_FAILURES:
            words = worker.kill_and_read().rpartition("\n")[2]
            if small := too_small():
                raise WorkerError(
                    f"simulator workers end as soon as they start: {small}\n    → raise it in the shell that starts"
                    " eda-agent"
                )
            raise WorkerError(
                f"simulator workers end as soon as they start: {words or 'no message'}\n    → try `eda-agent doctor`"
            )

    def dispatch(self, requests: Sequence[WorkerRequest], done: Done | None = None) -> list[dict[str, Any]]:
        waiting = deque(requests)
        replies: dict[int, dict[str, Any]] = {}
        try:
            while len(replies) < len(requests):
                self._fill(waiting)
                while waiting and len(self._workers) < self.size:
                    self._workers.append(self._start())
                before = len(replies)
                retry = self._wait(self._time_left(), replies)
                waiting.extendleft(reversed(retry))
                # the workers continue while the results are stored
                self._fill(waiting)
                if done is not None and len(replies) > before:
                    for index in list(replies)[before:]:
                        done(index, replies[index])
        except BaseException:
            # an interrupted caller leaves workers with a pending reply: it would be taken as the answer to the next
            # request
            for worker in [worker for worker in self._workers if worker.queue]:
                worker.queue.clear()
                worker.ready = True
                self._replace(worker)
            raise
        return [replies[request.index] for request in requests]

    def _time_left(self) -> float | None:
        """Seconds to the first time limit of a worker; None if none is at work."""
        deadlines = [worker.deadline for worker in self._workers if worker.queue or not worker.ready]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _fill(self, waiting: deque[WorkerRequest]) -> None:
        """Send what can be sent: one request to each idle worker, then a second one while there are enough for all."""
        for ahead in (False, True):
            for worker in self._workers:
                # the last few are not queued behind another: a worker that becomes free early takes them
                if len(waiting) > (len(self._workers) if ahead else 0) and worker.room(ahead):
                    self._assign(worker, waiting)

    def _assign(self, worker: WorkerProcess, waiting: deque[WorkerRequest]) -> None:
        # prefer a deck that this worker has loaded
        position = next((index for index, request in enumerate(waiting) if request.deck.key in worker.known), 0)
        request = waiting[position]
        del waiting[position]
        worker.send(request, self.preparations.get(request.deck.key))

    def _wait(self, timeout: float | None, replies: dict[int, dict[str, Any]]) -> list[WorkerRequest]:
        """Receive replies; returns the requests that must be retried."""
        retry: list[WorkerRequest] = []
        for key, _ in self._selector.select(timeout):
            worker: WorkerProcess = key.data
            reply, nonsense = worker.receive()
            if reply is not None and not worker.ready:
                worker.ready, self._version, self._start_failures, self._kills = True, reply["ready"], 0, 0
                self.sandbox = reply["sandbox"]
                continue
            request = worker.answered()
            if reply is None or reply.get("gone"):
                killed = not nonsense and worker.was_killed()
                code = worker.process.returncode
                said = worker.kill_and_read().rpartition("\n")[2] if reply is None and not nonsense else ""
                retry.extend(worker.queue)
                self._replace(worker)
                if request is None:
                    continue
                request.attempts += 1
                # killed from outside, it is not the simulation's fault; one crash may have been caused by an earlier
                # simulation on the same worker
                if reply is None and request.attempts < (MAX_KILLS if killed else 2):
                    retry.append(request)
                    continue
                why = (
                    nonsense or too_small() or f"the worker ended with status {code}{f': {said[:200]}' if said else ''}"
                )
                reply = reply or {"failure": {"kind": "crash", "words": why}, "seconds": 0.0}
            if request is not None:
                replies[request.index] = reply
                worker.simulations += 1
                if worker.worn and worker in self._workers:
                    self._replace(worker)
        return [*retry, *self._expire(replies)]

    def _expire(self, replies: dict[int, dict[str, Any]]) -> list[WorkerRequest]:
        """Replace the workers that are past their time limit; returns the requests that were queued behind theirs."""
        retry: list[WorkerRequest] = []
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.deadline < now and (worker.queue or not worker.ready):
                request = worker.answered()
                retry.extend(worker.queue)
                self._replace(worker)
                if request is not None:
                    replies[request.index] = {
                        "failure": {"kind": "timeout", "words": f"no answer within {request.timeout:g} s"},
                        "seconds": request.timeout,
                    }
        return retry
