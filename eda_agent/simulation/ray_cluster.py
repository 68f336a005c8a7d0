"""A Ray cluster is the machines that a Ray pool runs on: a private one on this machine, or one that runs already."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import Any

from eda_agent.errors import InputError, MissingError

LOCAL = "local"
"""Address of a private cluster on this machine that ends with the pool."""
STORE = 256 * 2**20
"""Bytes of shared memory of a private cluster: model libraries and replies."""
_connected: list[str] = []
"""Addresses to which this process connected; the last one counts, because Ray supports one cluster per process."""


def connect(address: str, workers: int | None = None) -> Any:
    """Ray, connected. `workers`: cores of a private cluster, None for all. Raises `MissingError` without Ray and
    `InputError` if no cluster answers.
    """
    # no usage statistics are sent
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise MissingError("a cluster needs Ray\n    → pip install 'eda-agent[ray]'") from None
    if ray.is_initialized():
        if _connected and _connected[-1] != address:
            raise InputError(
                f"this process is connected to the Ray cluster at {_connected[-1]}, not {address}\n    → use one"
                " cluster per process; end that process first"
            )
        return ray
    mine = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if mine else None
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == LOCAL:
            # it does not listen to other machines
            ray.init(
                "local",
                num_cpus=workers,
                include_dashboard=False,
                _node_ip_address="127.0.0.1",
                object_store_memory=STORE,
                **quiet,
            )
        else:
            _knock(address)
            ray.init(address, **quiet)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"no Ray cluster at {address}: {reason}\n    → `ray start --head` starts one; --cluster local needs none"
        ) from None
    _connected.append(address)
    if mine:
        # Ray handles the signal that ends a run in order
        signal.signal(signal.SIGTERM, handler)
    return ray


def _knock(address: str) -> None:
    """Raise `OSError` if nothing listens at HOST:PORT: Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10.0).close()
