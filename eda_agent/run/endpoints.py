"""Known endpoints: the addresses that this user has given on a command line. A journal from others may use no other
address.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from eda_agent.errors import Finding, InputError
from eda_agent.files import write_text
from eda_agent.simulation.cache import cache_folder

MAX_KEPT = 100


def remember_endpoint(endpoint: str) -> None:
    """Store an address that was given on a command line. If the cache cannot be written, the user is asked again
    later.
    """
    known = [line for line in _known() if line != endpoint]
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_text(_file(), "".join(f"{line}\n" for line in [*known, endpoint][-MAX_KEPT:]))


def check_endpoint(endpoint: str, folder: Path) -> None:
    """Raise `InputError` for an address that is not on this machine, not `OPENAI_BASE_URL` and never given on a command
    line here.
    """
    if _local(endpoint) or endpoint == os.environ.get("OPENAI_BASE_URL") or endpoint in _known():
        return
    raise InputError(
        Finding(
            f"the run uses the endpoint {endpoint}, which you have not given here before: it would receive your netlist"
            " and your key",
            folder,
            fix=f"if you trust it, add --endpoint {shlex.quote(endpoint)}",
        )
    )


def _local(endpoint: str) -> bool:
    host = ""
    with contextlib.suppress(ValueError):
        # also raises for text that is no address
        host = urlsplit(endpoint).hostname or ""
        return ip_address(host).is_loopback
    return host == "localhost"


def _file() -> Path:
    return cache_folder() / "endpoints"


def _known() -> list[str]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return _file().read_text(encoding="utf-8").splitlines()
    return []
