"""A policy proposes the next sizing from the history.

A policy is a function of the history and its seed: asked twice with the same history it proposes the same. That is what makes a
run reproducible and resumable without saving anything but its turns. What a policy keeps between calls is a shortcut only.
"""

from __future__ import annotations

import hashlib
from typing import Protocol, runtime_checkable

import numpy as np

from eda_agent.agent.turn import History, Proposal


@runtime_checkable
class Policy(Protocol):
    """`name` is shown beside its turns."""

    @property
    def name(self) -> str: ...
    def propose(self, history: History) -> Proposal: ...


def turn_rng(seed: int, history: History, salt: str = "") -> np.random.Generator:
    """A random generator for one turn, the same whenever that turn is proposed again."""
    digest = hashlib.sha256(f"{seed}/{salt}/{len(history.turns)}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def turn_seed(seed: int, history: History, salt: str = "") -> int:
    """The same as a 31-bit number, for libraries that take one."""
    return int(turn_rng(seed, history, salt).integers(2**31 - 1))
