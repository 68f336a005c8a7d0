"""A worker process runs simulations for a local pool on this machine, one request after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.simulation.executor import Preparation, WorkerRequest
from eda_agent.simulation.reply import sound_ready
from eda_agent.simulation.worker import COMPILED, receive, send

RECYCLE = 2500
"""Simulations after which a worker is replaced: ngspice grows by some 3 MB in 1,000 loads."""
DEPTH = 2
"""Number of requests that a worker may hold: with the next one queued it does not wait between two simulations."""
START_TIMEOUT = 60.0
PASSED = frozenset(
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
_MAX_FIRST_BYTES = 100_000
"""Maximum size in bytes of a worker's first message."""


@dataclass
class WorkerProcess:
    """A worker as its pool sees it.

    Attributes:
        process: the operating system's process.
        connection: messages to and from it.
        folder: its scratch folder.
        ready: whether it has said that its simulator is loaded.
        queue: unanswered requests, the running one first.
        deadline: time limit of the running request, or of the start (`time.monotonic`).
        known: deck key → the preparation that it has received.
        models: names of the model libraries that it has received.
        simulations: how many it has run.
        words: the end of what it wrote to standard error, once it was read.
    """

    process: subprocess.Popen[bytes]
    connection: socket.socket
    folder: Path
    ready: bool = False
    queue: deque[WorkerRequest] = field(default_factory=deque)
    deadline: float = 0.0
    known: dict[str, Preparation | None] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    simulations: int = 0
    words: str = ""

    @property
    def worn(self) -> bool:
        """Whether it has run as many simulations as it may."""
        return self.simulations >= RECYCLE

    def was_killed(self) -> bool:
        """Whether a process that has ended was killed from outside; False for a living one."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            # its stream ends a moment before the process, and a moment is long on a busy machine
            self.process.wait(1.0)
        return self.process.returncode == -signal.SIGKILL

    def kill_and_read(self) -> str:
        """Kill it; returns the end of what it wrote to standard error."""
        if self.process.stderr:
            self.process.kill()
            self.words = self.process.stderr.read().decode(errors="replace")[-600:].strip() or self.words
        return self.words

    def room(self, ahead: bool) -> bool:
        """Whether another request may be sent; `ahead`: before the last one is answered."""
        return self.ready and len(self.queue) < (DEPTH if ahead else 1) and self.simulations + len(self.queue) < RECYCLE

    def send(self, request: WorkerRequest, preparation: Preparation | None) -> None:
        """Send a request, and before it what the worker does not know of its deck yet: the models, the deck, and the
        preparation if the request is to run.
        """
        deck, message = request.deck, request.message()
        if message["do"] != "run":
            preparation = None
        # a worker that does not read must not block us
        self.connection.settimeout(max(1.0, self.deadline - time.monotonic() if self.queue else request.timeout))
        try:
            if deck.key not in self.known or self.known[deck.key] is not preparation:
                if deck.models_name not in self.models:
                    send(self.connection, {"do": "models", "name": deck.models_name, "text": deck.models})
                    self.models.add(deck.models_name)
                extra = {"nodeset": preparation.nodeset} if preparation else {}
                send(self.connection, {"do": "define", **deck.wire(), **extra})
                self.known[deck.key] = preparation
            send(self.connection, message)
        except OSError:
            pass  # it ended while idle: the pool sees the end of its stream and retries elsewhere
        if not self.queue:
            self.deadline = time.monotonic() + request.timeout
        self.queue.append(request)

    def receive(self) -> tuple[dict[str, Any] | None, str]:
        """(a reply, ""), or (None, why it is invalid). A compromised worker may send anything: only a valid reply to
        the request counts.
        """
        expected, most = (self.queue[0].form, self.queue[0].most) if self.queue else (_nothing, _MAX_FIRST_BYTES)
        try:
            reply = receive(self.connection, most if self.ready else _MAX_FIRST_BYTES, self.deadline)
        except TimeoutError:
            return None, ""
        except ValueError:
            return None, NONSENSE
        if reply is not None and not (expected if self.ready else sound_ready)(reply):
            return None, NONSENSE
        return reply, ""

    def answered(self) -> WorkerRequest | None:
        """Remove the answered request from the queue; the next one's time starts."""
        request = self.queue.popleft() if self.queue else None
        if self.queue:
            self.deadline = time.monotonic() + self.queue[0].timeout
        return request

    def end(self) -> None:
        """Kill the process and close its streams."""
        self.connection.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


def start_worker(folder: Path, compiled: tuple[Path, ...]) -> WorkerProcess:
    """Start a worker. `folder`: its scratch folder; `compiled`: the models that its ngspice loads."""
    ours, theirs = socket.socketpair()
    # -P: never import from the current folder of the user
    command = [sys.executable, "-P", "-m", "eda_agent.simulation.worker", str(theirs.fileno()), str(folder)]
    # secrets have no common name: the variables that a simulator needs are listed instead
    environment = {key: value for key, value in os.environ.items() if key in PASSED}
    environment[COMPILED] = os.pathsep.join(map(str, compiled))
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
    return WorkerProcess(process, ours, folder, deadline=time.monotonic() + START_TIMEOUT)


def _nothing(answer: object) -> bool:
    """Whether a message came without a request."""
    return False
