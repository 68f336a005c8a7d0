"""A request is what the user asked a run for; an outcome is how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.policies.registry import DEFAULT
from eda_agent.agent.turn import Turn
from eda_agent.problem.spec import Problem

SKIP_FROM = 6
"""With few corners a policy learns more from all of them than skipping saves: over 10 runs in 3 corners 533 proposals for 407."""


@dataclass(frozen=True)
class Request:
    """What the user asked for; None takes the spec's or the default.

    `corners`: a named set instead of the spec's. `skip`: leave corners out where they can no longer matter (`Environment`); None does so
    from `SKIP_FROM` corners on. `parallel`: proposals simulated at once, of a policy that has several; None takes as many as keep the
    workers busy. `orders_from`: byte of orders.jsonl from which orders are obeyed, None for those written from now on. `cluster`: address of a Ray cluster that simulates (`RayPool`). `memory`: begin with the best designs of earlier runs on the same circuit.
    `force`: size with testbenches that do not test (`simulation.soundness`) too.
    """

    spec: Path
    policy: str = DEFAULT
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    simulations: int | None = None
    out: Path | None = None
    resume: bool = False
    workers: int | None = None
    cluster: str | None = None
    cache: bool = True
    corners: str | None = None
    skip: bool | None = None
    parallel: int | None = None
    memory: bool = False
    orders_from: int | None = None
    force: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `stop` is the reason; `best` the incumbent; `turns` all turns, the baseline first; `verified` what came of the incumbent
    simulated anew, empty for a run that the user stopped; `remarks` what was said of the testbenches at the beginning; `forced`: whether they count
    as they are."""

    problem: Problem
    folder: Path
    stop: str
    best: Turn
    turns: Sequence[Turn]
    policy: str
    seed: int
    verified: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    forced: bool = False

    @property
    def met(self) -> bool:
        """Whether every spec is met, in testbenches that test."""
        return self.best.met and (self.forced or not self.unsound)

    @property
    def unsound(self) -> tuple[str, ...]:
        """What the testbenches show of the best design that no working circuit does."""
        return tuple(self.verified.get("unsound", ()))

    @property
    def simulations(self) -> int:
        return History(self.problem, self.turns).simulations
