"""A worker is a process with one ngspice that answers requests over a socket, one JSON object per frame.

It can be replaced at any time: the parent knows everything that it holds. It ends when the parent does.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

from eda_agent.simulation import limits

MAX_FRAME = 256 * 1024 * 1024
SANDBOX = "EDA_AGENT_SANDBOX"
"""Environment variable; 0 disables the sandbox, for systems where the simulator needs more rights."""
COMPILED = "EDA_AGENT_COMPILED_MODELS"
"""Environment variable with the files of compiled Verilog-A models, as a path list: ngspice loads them at its start."""


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Write one frame: length (4 bytes, big-endian), JSON."""
    data = json.dumps(message, separators=(",", ":")).encode()
    connection.sendall(struct.pack(">I", len(data)) + data)


def receive(connection: socket.socket, most: int = MAX_FRAME, until: float | None = None) -> dict[str, Any] | None:
    """Read one frame of at most `most` bytes; None at the end of the stream.

    Args:
        connection: the socket.
        most: maximum size in bytes; a longer frame is not read.
        until: deadline (`time.monotonic`) for the complete frame.

    Raises:
        ValueError: the frame is not a JSON object, or too long.
        TimeoutError: the frame is not complete in time.
    """
    head = _exactly(connection, 4, until)
    if head is None:
        return None
    length = struct.unpack(">I", head)[0]
    if length > most:
        raise ValueError(f"a frame of {length} bytes")
    data = _exactly(connection, length, until)
    if data is None:
        return None
    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError("a frame that is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("a frame that is not an object")
    return found


def _exactly(connection: socket.socket, count: int, until: float | None) -> bytes | None:
    parts = []
    while count:
        if until is not None:
            connection.settimeout(max(0.05, until - time.monotonic()))
        try:
            part = connection.recv(min(count, 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        parts.append(part)
        count -= len(part)
        if count and until is not None and time.monotonic() > until:
            raise TimeoutError
    return b"".join(parts)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: also when the parent is killed during a simulation
    limits.lower()


def serve(connection: socket.socket, folder: Path) -> None:
    """Answer requests until the parent closes the socket; `folder` is the working folder."""
    from eda_agent.simulation.circuit_state import CircuitState, LoadedDeck
    from eda_agent.simulation.gate import Gated
    from eda_agent.simulation.sandbox import confine
    from eda_agent.simulation.session import Session

    def leave() -> None:
        # called from inside ngspice, which cannot be used after this; an undefined parameter causes it
        words = " | ".join(
            line.split(" ", 1)[-1].strip() for line in ngspice.log if not line.startswith("stdout Note")
        )[-400:]
        send(connection, {"failure": {"kind": "crash", "words": words}, "seconds": 0.0, "gone": True})
        os._exit(3)

    ngspice = Gated(on_exit=leave, compiled=[file for file in os.environ.get(COMPILED, "").split(os.pathsep) if file])
    session = Session(ngspice)
    # no user input has been read yet
    held = confine(folder, [place for place in sys.path if place]) if os.environ.get(SANDBOX, "1") != "0" else []
    send(connection, {"ready": ngspice.version, "sandbox": held})
    while (request := receive(connection)) is not None:
        match request.pop("do"):
            case "models":
                session.models(**request)
                continue
            case "define":
                request["analyses"] = [tuple(pair) for pair in request["analyses"]]
                session.define(request.pop("key"), LoadedDeck(**request))
                continue
            case "prepare":
                reply = session.prepare(
                    request.pop("key"), **{name: CircuitState(**state) for name, state in request.items()}
                )
            case _:
                key = request.pop("key")
                further = {name: request.pop(name, False) for name in ("closer", "wanted_only")}
                wanted = {name: request.pop(name) for name in ("operating_point", "waveforms")}
                reply = session.run(key, CircuitState(**request), **wanted, **further)
        send(connection, reply)


def main() -> None:
    """Entry point of `python -m eda_agent.simulation.worker FD FOLDER`."""
    _die_with_parent()
    # Ctrl-C goes to the whole terminal: the parent decides what ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(sys.argv[2])
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        # ngspice's own output files land here, if the sandbox allows them
        os.chdir(folder)
        # ngspice reads this file of the working folder, else that of the user's home: settings there would change
        # results, and a user without an entry in passwd (docker run -u) has no home, with which ngspice 44 crashes
        Path(".spiceinit").touch()
        serve(connection, folder)


if __name__ == "__main__":
    main()
