"""A limit bounds a resource of a simulator process: the smaller of the machine's and ours. A machine limit that is too
small is reported.
"""

from __future__ import annotations

import resource

MEMORY = 4 * 1024**3
"""Address space of a worker in bytes: a netlist that needs more fails alone."""
_OURS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_FSIZE: 64 * 1024**2,
    resource.RLIMIT_NOFILE: 256,
}
_NEEDED = (
    (resource.RLIMIT_AS, 512 * 1024**2, "memory", "-v", 1024, "MB", 1024**2),
    (resource.RLIMIT_NOFILE, 16, "open files", "-n", 1, "", 1),
    (resource.RLIMIT_STACK, 1024**2, "stack", "-s", 1024, "kB", 1024),
)
"""Limit, required value, name, letter in `ulimit`, its unit in bytes, and the unit's name."""


def lower() -> None:
    """Set the smaller of the machine's limits and ours for the rest of this process's life."""
    for name, ours in _OURS.items():
        hard = resource.getrlimit(name)[1]
        most = ours if hard == resource.RLIM_INFINITY else min(ours, hard)
        resource.setrlimit(name, (most, most))


def too_small() -> str:
    """The limits of this process that are too small for a simulator, and how to raise them; "" if there is none."""
    words = []
    for name, needed, what, letter, unit, shown, size in _NEEDED:
        soft = resource.getrlimit(name)[0]
        if soft != resource.RLIM_INFINITY and soft < needed:
            words.append(
                f"the limit of {what} is {soft // size} {shown}".rstrip()
                + f", but a simulator needs {needed // size} {shown}".rstrip()
                + f" (ulimit {letter} {needed // unit})"
            )
    return "; ".join(words)
