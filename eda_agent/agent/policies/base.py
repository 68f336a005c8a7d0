"""A policy proposes the next sizing from the history.

A policy is a function of the history and its seed: asked twice with the same history it proposes the same. That is what makes a
run reproducible and resumable without saving anything but its turns. What a policy keeps between calls is a shortcut only.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np
from threadpoolctl import ThreadpoolController

from eda_agent.agent.history import History
from eda_agent.agent.turn import Proposal
from eda_agent.problem.spec import Problem


@functools.cache
def _thread_pools(scipy: bool) -> ThreadpoolController:
    # finding the libraries takes a millisecond
    return ThreadpoolController()


def single_threaded() -> AbstractContextManager[object]:
    """Matrices of a hundred rows: BLAS threads only fight the simulators for the cores (50 s of a run for 5).

    scipy brings a BLAS of its own, loaded when it is first needed: what was limited before then does not hold for it.
    """
    limit: AbstractContextManager[object] = _thread_pools("scipy.linalg" in sys.modules).limit(limits=1)
    return limit


@runtime_checkable
class Policy(Protocol):
    """`name` is shown beside its turns."""

    @property
    def name(self) -> str: ...
    def propose(self, history: History) -> Proposal: ...


@runtime_checkable
class ManyPolicy(Policy, Protocol):
    """A policy with several proposals for the same history, the most promising first."""

    def proposals(self, history: History) -> list[Proposal]: ...


@runtime_checkable
class PreparedPolicy(Policy, Protocol):
    """A policy that can work out before the first result what it will need of the problem. `prepare` runs in a thread of its own, while the first
    design is simulated; it raises nothing, and without it the same is proposed, later."""

    def prepare(self, problem: Problem) -> None: ...


def turn_rng(seed: int, history: History, salt: str = "") -> np.random.Generator:
    """A random generator for one turn, the same whenever that turn is proposed again."""
    digest = hashlib.sha256(f"{seed}/{salt}/{len(history.turns)}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def turn_seed(seed: int, history: History, salt: str = "") -> int:
    """The same as a 31-bit number, for libraries that take one."""
    return int(turn_rng(seed, history, salt).integers(2**31 - 1))
