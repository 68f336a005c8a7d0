"""A policy proposes the next sizing from the history.

A policy is a function of the history and its seed: the same history gives the same proposal. A run is therefore
reproducible, and its turns are sufficient to resume it. State that a policy keeps between calls is only a cache.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from threadpoolctl import ThreadpoolController

from eda_agent.agent.history import History
from eda_agent.agent.turn import Proposal
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.inspection import Inspection


@functools.cache
def _thread_pools(scipy: bool) -> ThreadpoolController:
    # finding the libraries takes a millisecond
    return ThreadpoolController()


def single_threaded() -> AbstractContextManager[object]:
    """Limit BLAS to one thread: for matrices of a hundred rows more threads only compete with the simulators (50 s of a
    run instead of 5).

    scipy loads a BLAS of its own when it is first needed; a limit set before that does not apply to it.
    """
    limit: AbstractContextManager[object] = _thread_pools("scipy.linalg" in sys.modules).limit(limits=1)
    return limit


@runtime_checkable
class Policy(Protocol):
    """What every policy implements. The constructor takes `seed` and the policy's options as keywords."""

    @property
    def name(self) -> str:
        """The name that is shown beside the policy's turns and that the journal stores."""

    def propose(self, history: History) -> Proposal:
        """Propose the next sizing.

        Args:
            history: the problem and all turns so far, the baseline first; it is not changed.

        Returns:
            a proposal with a value in SI units for every parameter (`DesignSpace.snap` makes it legal), or one without
            a sizing whose `error` says why. The same history must give the same proposal.

        Raises:
            EdaAgentError: the run cannot continue, for example because an endpoint does not answer.
        """


@runtime_checkable
class ManyPolicy(Policy, Protocol):
    """A policy with several proposals for the same history, the most promising first."""

    def proposals(self, history: History) -> list[Proposal]:
        """At least one proposal; see `Policy.propose`. The loop simulates as many of them as it has width."""


@runtime_checkable
class PreparedPolicy(Policy, Protocol):
    """A policy that can prepare for a problem before the first result.

    `prepare` runs in a separate thread while the baseline is simulated. It raises nothing. Without it the policy makes
    the same proposals, later.
    """

    def prepare(self, problem: Problem) -> None:
        """Compute in advance what depends on the problem alone."""


class Answer(Protocol):
    """What a tool says: a text for the language model, the simulations that it cost, proposals to simulate, and why the
    search shall go on ("" if not).
    """

    @property
    def text(self) -> str: ...
    @property
    def simulations(self) -> int: ...
    @property
    def proposals(self) -> tuple[Proposal, ...]: ...
    @property
    def handover(self) -> str: ...


class Toolbox(Protocol):
    """The tools of a run (`eda_agent.tools.toolbox`). `folder`: where an exchange with an endpoint is kept."""

    @property
    def folder(self) -> Path | None: ...
    def schemas(self, problem: Problem, *, search: bool) -> list[dict[str, Any]]:
        """The tools in the form of OpenAI's `tools`."""

    def call(self, name: str, arguments: str, history: History) -> Answer:
        """Call a tool with JSON arguments. Raises `InputError` with a message for the caller."""

    def look(self, history: History, sizing: Sizing) -> Inspection | None:
        """A closer look at a sizing."""

    def left(self, history: History) -> int | None:
        """Simulations that the budget has left; None for no limit."""


@runtime_checkable
class ToolUser(Protocol):
    """A policy that uses tools. It also works without them."""

    def equip(self, toolbox: Toolbox) -> None:
        """Use these tools from now on."""


@runtime_checkable
class Metered(Protocol):
    """A policy that costs something else than simulations."""

    @property
    def spent(self) -> str:
        """Which of its own limits is reached, so that it proposes no more; ""."""

    @property
    def stuck(self) -> str:
        """Why it has nothing new to propose, or ""."""

    @property
    def bill(self) -> str:
        """What it used, in one line; "" if nothing."""


def turn_rng(seed: int, history: History, salt: str = "") -> np.random.Generator:
    """A random generator for one turn, the same whenever that turn is proposed again."""
    digest = hashlib.sha256(f"{seed}/{salt}/{len(history.turns)}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def turn_seed(seed: int, history: History, salt: str = "") -> int:
    """The same as a 31-bit number, for libraries that need one."""
    return int(turn_rng(seed, history, salt).integers(2**31 - 1))
