"""A local pool is an executor of worker processes on this machine, which are replaced when they exit, hang or crash."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.errors import WorkerError
from eda_agent.simulation.executor import Dispatcher, Done, Preparation, WorkerRequest
from eda_agent.simulation.limits import too_small
from eda_agent.simulation.ngspice import find_library
from eda_agent.simulation.reply import sound_ready
from eda_agent.simulation.scratch import Scratch
from eda_agent.simulation.worker import COMPILED, receive, send

RECYCLE = 2500
"""Simulations after which a worker is replaced: ngspice grows by some 3 MB in 1,000 loads."""
DEPTH = 2
"""Number of requests that a worker may hold: with the next one queued it does not wait between two simulations."""
START_TIMEOUT = 60.0
_PASSED = frozenset(
    [
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LC_NUMERIC",
        "TMPDIR",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "OPENBLAS_CORETYPE",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPYCACHEPREFIX",
        "PYTHONFAULTHANDLER",
        "NGSPICE_LIBRARY_PATH",
        "SPICE_LIB_DIR",
        "SPICE_SCRIPTS",
        "EDA_AGENT_SANDBOX",
    ]
)
"""The environment variables of a worker. Each is listed: a pattern of names could include a secret."""
NONSENSE = "the simulator's process returned something that is not a reply"
_SHORT = 100_000
"""Maximum size in bytes of a worker's first message."""
MAX_START_FAILURES = 3
MAX_KILLS = 20
"""Number of consecutive times that a worker, or the workers of one simulation, may be killed from outside before it is
an error.
"""


@dataclass
class _Worker:
    """`queue`: unanswered requests, the running one first, whose time limit is `deadline`."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    folder: Path
    ready: bool = False
    queue: deque[WorkerRequest] = field(default_factory=deque)
    deadline: float = 0.0
    known: dict[str, Preparation | None] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    simulations: int = 0

    def room(self, ahead: bool) -> bool:
        """Whether another request may be sent; `ahead`: before the last one is answered."""
        return self.ready and len(self.queue) < (DEPTH if ahead else 1) and self.simulations + len(self.queue) < RECYCLE

    def answered(self) -> WorkerRequest | None:
        """Remove the answered request from the queue; the next one's time starts."""
        request = self.queue.popleft() if self.queue else None
        if self.queue:
            self.deadline = time.monotonic() + self.queue[0].timeout
        return request


def _killed(worker: _Worker) -> bool:
    """Whether a worker that has ended was killed from outside; False for a living one."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        # its stream ends a moment before the process, and a moment is long on a busy machine
        worker.process.wait(1.0)
    return worker.process.returncode == -signal.SIGKILL


def _nothing(answer: object) -> bool:
    """Whether a message came without a request."""
    return False


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
            self._wait(START_TIMEOUT, {})
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

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        # -P: never import from the current folder of the user
        folder = self._scratch.take()
        command = [sys.executable, "-P", "-m", "eda_agent.simulation.worker", str(theirs.fileno()), str(folder)]
        # secrets have no common name: the variables that a simulator needs are listed instead
        environment = {key: value for key, value in os.environ.items() if key in _PASSED}
        environment[COMPILED] = os.pathsep.join(map(str, self._compiled))
        environment["OPENBLAS_NUM_THREADS"] = environment["OMP_NUM_THREADS"] = "1"
        process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        )
        theirs.close()
        worker = _Worker(process, ours, folder, deadline=time.monotonic() + START_TIMEOUT)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def _stop(self, worker: _Worker) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(worker.connection)
        worker.connection.close()
        worker.process.kill()
        worker.process.wait()
        if worker.process.stderr:
            worker.process.stderr.close()
        self._scratch.give(worker.folder)

    def _replace(self, worker: _Worker) -> _Worker:
        if not worker.ready:
            killed = _killed(worker)
            self._kills += killed
            self._start_failures += not killed
            if self._kills >= MAX_KILLS:
                raise WorkerError(
                    f"simulator workers were killed from outside before they had started, {self._kills} times in a"
                    " row\n    → check whether the machine is out of memory (`dmesg`), or use fewer with --workers"
                )
            if self._start_failures >= MAX_START_FAILURES:
                words = ""
                if worker.process.stderr:
                    worker.process.kill()
                    words = worker.process.stderr.read().decode(errors="replace")[-600:]
                if small := too_small():
                    raise WorkerError(
                        f"simulator workers end as soon as they start: {small}\n    → raise it in the shell that starts"
                        " eda-agent"
                    )
                raise WorkerError(
                    f"simulator workers end as soon as they start: {words.strip() or 'no message'}\n    → try"
                    " `eda-agent doctor`"
                )
        self._stop(worker)
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        self.replaced += 1
        return fresh

    def dispatch(self, requests: Sequence[WorkerRequest], done: Done | None = None) -> list[dict[str, Any]]:
        waiting = deque(requests)
        replies: dict[int, dict[str, Any]] = {}
        try:
            while len(replies) < len(requests):
                self._fill(waiting)
                while waiting and len(self._workers) < self.size:
                    self._workers.append(self._start())
                deadlines = [worker.deadline for worker in self._workers if worker.queue or not worker.ready]
                before = len(replies)
                retry = self._wait(max(0.0, min(deadlines) - time.monotonic()) if deadlines else None, replies)
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

    def _fill(self, waiting: deque[WorkerRequest]) -> None:
        """Send what can be sent: one request to each idle worker, then a second one while there are enough for all."""
        for ahead in (False, True):
            for worker in self._workers:
                # the last few are not queued behind another: a worker that becomes free early takes them
                if len(waiting) > (len(self._workers) if ahead else 0) and worker.room(ahead):
                    self._assign(worker, waiting)

    def _assign(self, worker: _Worker, waiting: deque[WorkerRequest]) -> None:
        # prefer a deck that this worker has loaded
        position = next((index for index, request in enumerate(waiting) if request.deck.key in worker.known), 0)
        request = waiting[position]
        del waiting[position]
        key = request.deck.key
        message = request.message()
        preparation = self.preparations.get(key) if message["do"] == "run" else None
        # a worker that does not read must not block us
        worker.connection.settimeout(max(1.0, worker.deadline - time.monotonic() if worker.queue else request.timeout))
        try:
            if key not in worker.known or worker.known[key] is not preparation:
                name = request.deck.models_name
                if name not in worker.models:
                    send(worker.connection, {"do": "models", "name": name, "text": request.deck.models})
                    worker.models.add(name)
                extra = {"nodeset": preparation.nodeset} if preparation else {}
                send(worker.connection, {"do": "define", **request.deck.wire(), **extra})
                worker.known[key] = preparation
            send(worker.connection, message)
        except OSError:
            pass  # it ended while idle: the wait below sees the end of its stream and retries elsewhere
        if not worker.queue:
            worker.deadline = time.monotonic() + request.timeout
        worker.queue.append(request)

    @staticmethod
    def _heard(worker: _Worker) -> tuple[dict[str, Any] | None, str]:
        """(a worker's reply, ""), or (None, why it is invalid). A compromised worker may send anything: only a valid
        reply to the request counts.
        """
        expected, most = (worker.queue[0].form, worker.queue[0].most) if worker.queue else (_nothing, _SHORT)
        try:
            reply = receive(worker.connection, most if worker.ready else _SHORT, worker.deadline)
        except TimeoutError:
            return None, ""
        except ValueError:
            return None, NONSENSE
        if reply is not None and not (expected if worker.ready else sound_ready)(reply):
            return None, NONSENSE
        return reply, ""

    def _wait(self, timeout: float | None, replies: dict[int, dict[str, Any]]) -> list[WorkerRequest]:
        """Receive replies; returns the requests that must be retried."""
        retry: list[WorkerRequest] = []
        for key, _ in self._selector.select(timeout):
            worker: _Worker = key.data
            reply, nonsense = self._heard(worker)
            if reply is not None and not worker.ready:
                worker.ready, self._version, self._start_failures, self._kills = True, reply["ready"], 0, 0
                self.sandbox = reply["sandbox"]
                continue
            request = worker.answered()
            if reply is None or reply.get("gone"):
                killed = not nonsense and _killed(worker)
                code = worker.process.returncode
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
                why = nonsense or too_small() or f"the worker ended with status {code}"
                reply = reply or {"failure": {"kind": "crash", "words": why}, "seconds": 0.0}
            if request is not None:
                replies[request.index] = reply
                worker.simulations += 1
                if worker.simulations >= RECYCLE and worker in self._workers:
                    self._replace(worker)
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
