"""Frames of a worker that a netlist took over: any JSON, any bytes, too long, too slow, too many, at any time. The pool
takes none for an answer.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest import mock

from eda_agent.errors import WorkerError
from eda_agent.simulation import worker_process
from eda_agent.simulation.executor import WorkerRequest, any_answer
from eda_agent.simulation.local_pool import LocalPool

from .count import Attack

READY: Any = {"ready": "39", "sandbox": ["seccomp"]}
ANSWER: Any = {
    "metrics": {"dc_gain": [90.0, "", ""]},
    "operating_point": {"m1": {"id": 1e-6}},
    "seconds": 0.1,
    "wanted": {"dc_gain": 2.0},
    "waveforms": {"ac": {"axis": [1.0], "probes": {"out": [1.0]}}},
}
FAILURE: Any = {"failure": {"kind": "crash", "words": "x"}, "seconds": 0.0}
VALUES: list[Any] = [None, True, 5, -1.5, 10**400, "x", "x" * 30_000, [], [1, 2], {}, {"x": []}, [[]], float("inf")]


def frame(said: Any) -> bytes:
    data = said if isinstance(said, bytes) else json.dumps(said).encode()
    return struct.pack(">I", len(data)) + data


RAW: dict[str, bytes] = {
    "a number": frame(5),
    "a list": frame([1, 2]),
    "null": frame(None),
    "text": frame("x"),
    "no JSON": frame(b"metrics"),
    "nothing": frame(b""),
    "a NUL": frame(b"\0"),
    "no UTF-8": frame(b'{"a": "\xff"}'),
    "deep": frame(b"[" * 100_000),
    "deep objects": frame(b'{"a":' * 100_000),
    "a long number": frame(b'{"metrics":{}, "seconds": ' + b"9" * 5000 + b"}"),
    "4 GB": b"\xff\xff\xff\xff{}",
    "200 MB": struct.pack(">I", 200_000_000) + b"{}",
    "half a head": b"\0\0",
    "half a frame": struct.pack(">I", 100) + b"{",
    "a second beginning": frame(READY),
    "two keys": frame(b'{"metrics":{},"metrics":5}'),
    "gone": frame({"gone": True}),
    "an empty object": frame({}),
}


def answers() -> Iterator[tuple[str, bytes]]:
    """Frames beside the truth: a sound answer with one place changed."""
    yield from RAW.items()
    for name, sound in (("answer", ANSWER), ("failure", FAILURE)):
        for path in _places(sound):
            for number, value in enumerate([*VALUES, ...]):
                other = json.loads(json.dumps(sound))
                holder = other
                for step in path[:-1]:
                    holder = holder[step]
                if value is ...:
                    del holder[path[-1]]
                else:
                    holder[path[-1]] = value
                yield f"{name} {'.'.join(map(str, path))} {number}", frame(other)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for step, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _places(child, (*path, step))


@dataclass(frozen=True)
class Deck:
    """A deck as far as the pool looks at one."""

    key: str = "deck"
    models_name: str = "models"
    models: str = ""

    def wire(self) -> dict[str, Any]:
        return {}


class Taken:
    """A process that a netlist took over, in a thread: it says `first`, and at each question `then`."""

    def __init__(self, first: bytes, then: bytes, slowly: bool, **options: Any):
        self.stderr = io.BytesIO(b"its last words")
        self.pid, self.returncode = 0, None
        self._socket = socket.socket(fileno=os.dup(options["pass_fds"][0]))
        threading.Thread(target=self._talk, args=[first, then, slowly], daemon=True).start()

    def _talk(self, first: bytes, then: bytes, slowly: bool) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(first)
            while self._socket.recv(1 << 16):
                for place in range(len(then)) if slowly else ():
                    self._socket.sendall(then[place : place + 1])
                    time.sleep(0.02)
                if not slowly:
                    self._socket.sendall(then)
        self._socket.close()

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.returncode = -9

    def wait(self, timeout: float | None = None) -> int:
        return self.returncode or 0


def asked(first: bytes, then: bytes, *, slowly: bool = False, timeout: float = 0.3) -> list[dict[str, Any]]:
    """What a pool makes of such a process, asked twice."""
    real = worker_process.subprocess.Popen

    def begun(command: Any, *rest: Any, **options: Any) -> Any:
        # only a worker is taken over
        return Taken(first, then, slowly, **options) if "pass_fds" in options else real(command, *rest, **options)

    with (
        mock.patch.object(worker_process.subprocess, "Popen", begun),
        LocalPool(1) as pool,
    ):
        return pool.dispatch([WorkerRequest(index, Deck(), lambda: {"do": "run"}, timeout) for index in range(2)])


def _attack(make: Callable[[], list[dict[str, Any]]]) -> str:
    replies = make()
    assert all(any_answer(reply) for reply in replies), replies
    return str(replies)[:1000]


def attacks() -> Iterator[Attack]:
    for name, said in answers():
        yield name, partial(_attack, partial(asked, frame(READY), said))
    for name, said in RAW.items():
        yield f"first: {name}", partial(_beginning, said)
    for number, value in enumerate(VALUES):
        for key in READY:
            yield f"first: {key} {number}", partial(_beginning, frame({**READY, key: value}))
    yield "drop by drop", partial(_attack, partial(asked, frame(READY), frame({"words": "x" * 200}), slowly=True))
    yield "two at once", partial(_attack, partial(asked, frame(READY), frame(ANSWER) * 2))


def _beginning(said: bytes) -> str:
    """A worker that begins so never becomes one; what it says later is not asked for."""
    try:
        with mock.patch.object(worker_process, "START_TIMEOUT", 0.3):
            return _attack(partial(asked, said, frame(ANSWER)))
    except WorkerError as error:
        return str(error)
