"""A limit is how much of the machine a simulator process may take: the smaller of the machine's and ours, and a word where the machine's is too small."""

from __future__ import annotations

import resource

MEMORY = 4 * 1024**3
"""Address space of a worker, in bytes: a netlist that blows up fails alone."""
_OURS = {resource.RLIMIT_CORE: 0, resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: 64 * 1024**2, resource.RLIMIT_NOFILE: 256}
_NEEDED = (
    (resource.RLIMIT_AS, 512 * 1024**2, "memory", "-v", 1024, "MB", 1024**2),
    (resource.RLIMIT_NOFILE, 16, "open files", "-n", 1, "", 1),
    (resource.RLIMIT_STACK, 1024**2, "stack", "-s", 1024, "kB", 1024),
)
"""Limit, what a simulator needs of it, its name, its letter in `ulimit` and that one's unit in bytes, and how it is shown."""


def lower() -> None:
    """Take the smaller of the machine's limits and ours, for the rest of this process's life."""
    for name, ours in _OURS.items():
        hard = resource.getrlimit(name)[1]
        most = ours if hard == resource.RLIM_INFINITY else min(ours, hard)
        resource.setrlimit(name, (most, most))


def too_small() -> str:
    """Which of this process's limits are too small for a simulator, and how to raise them; "" where none is."""
    words = []
    for name, needed, what, letter, unit, shown, size in _NEEDED:
        soft = resource.getrlimit(name)[0]
        if soft != resource.RLIM_INFINITY and soft < needed:
            words.append(
                f"the limit of {what} is {soft // size} {shown}".rstrip()
                + f", a simulator needs {needed // size} {shown}".rstrip()
                + f" (ulimit {letter} {needed // unit})"
            )
    return "; ".join(words)
