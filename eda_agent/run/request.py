"""A request is what the user asked of a run; an outcome is how the run ended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.policies.registry import DEFAULT, OPTIONS, flag_of, options_of
from eda_agent.agent.turn import Turn
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem

SKIP_FROM = 6
"""Number of corners from which corners are skipped. With fewer a policy learns more from all corners than skipping
saves: over 10 runs in 3 corners 533 proposals instead of 407.
"""


SEEDS = 2**32
"""Seeds are below; numpy's older generators take 32 bits."""
FLAGS = {"simulations": "budget", "cache": "no-cache", "skip": "all-corners or --skip-corners"}
"""Field of a request → name on the command line, if they differ."""
_SECRET = re.compile(r"(api_?|^)key$|secret|password|(?<!max_)token$", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """The user's request. None means the spec's value, the default, or the value of the run that is resumed.

    Attributes:
        simulations: maximum number of proposals.
        corners: a named corner set instead of the spec's corners.
        guard: the share of itself by which every target is tightened (`problem.guard_band`).
        skip: skip corners that can no longer matter (`Environment`); None does so from `SKIP_FROM` corners on.
        parallel: number of proposals simulated at once; None takes as many as keep the workers busy.
        orders_from: byte of orders.jsonl from which commands are read; None reads those written from now on.
        cluster: address of a Ray cluster that simulates (`RayPool`).
        memory: start with the best designs of earlier runs on the same circuit.
        post_layout: the netlist extracted from a layout, whose wire capacitances are simulated; `cell`: of that
            netlist.
        force: size even if a testbench does not test the circuit (`simulation.soundness`).
    """

    spec: Path
    policy: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    simulations: int | None = None
    out: Path | None = None
    resume: bool = False
    workers: int | None = None
    cluster: str | None = None
    cache: bool | None = None
    corners: str | None = None
    guard: float | None = None
    skip: bool | None = None
    parallel: int | None = None
    memory: bool | None = None
    orders_from: int | None = None
    force: bool | None = None
    post_layout: Path | None = None
    cell: str | None = None

    @property
    def chosen_policy(self) -> str:
        return self.policy or DEFAULT

    @property
    def chosen_seed(self) -> int:
        return self.seed or 0


KEPT: dict[str, type] = {
    "policy": str,
    "options": dict,
    "seed": int,
    "simulations": int,
    "workers": int,
    "cluster": str,
    "cache": bool,
    "corners": str,
    "guard": float,
    "skip": bool,
    "parallel": int,
    "memory": bool,
    "force": bool,
}
"""Fields of a request that a journal keeps, and their types."""


def flag(name: str) -> str:
    """`--budget` for `simulations`."""
    return flag_of(FLAGS.get(name, name))


def check_options(request: Request) -> None:
    """Raise `InputError` for a command-line option that the policy does not have, and for a seed that no generator
    takes.
    """
    if not 0 <= request.chosen_seed < SEEDS:
        raise InputError(f"seed {str(request.seed)[:40]}: must be 0 to {SEEDS - 1}")
    for name in request.options:
        if name in OPTIONS and name not in options_of(request.chosen_policy):
            raise InputError(f"{flag(name)} is not an option of policy {request.chosen_policy}")


def request_data(request: Request) -> dict[str, Any]:
    """A request as the journal stores it: JSON, with full paths and without secrets."""
    data = {name: getattr(request, name) for name in KEPT}
    data["policy"], data["seed"] = request.chosen_policy, request.chosen_seed
    # the name of a chat model may also be that of a folder
    files = (
        {"script", "replay"}
        if request.chosen_policy == "chat" or "endpoint" in request.options
        else {"script", "model"}
    )
    data["options"] = {
        name: _plain(value, name in files) for name, value in request.options.items() if not _SECRET.search(name)
    }
    return data


def _plain(value: Any, is_file: bool) -> Any:
    """A value for JSON. Paths are absolute, because a run can be resumed from any folder."""
    if isinstance(value, Path) or (is_file and isinstance(value, str) and value and Path(value).exists()):
        return str(Path(value).resolve())
    return list(value) if isinstance(value, tuple) else value


def request_from(data: Mapping[str, Any], spec: Path) -> Request:
    """The request of a journal; missing fields are None. Raises `InputError` for an invalid value."""
    fields: dict[str, Any] = {}
    for name, kind in KEPT.items():
        value = data.get(name)
        if value is None:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise InputError(
                f"the journal's request has {name} {value!r}\n    → the journal was changed after it was written"
            )
        fields[name] = value
    return Request(spec=spec, **fields)


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        stop: the reason.
        best: the incumbent.
        turns: all turns, the baseline first.
        verified: the incumbent simulated again; empty for a run that the user stopped.
        remarks: warnings about the testbenches at the start.
        forced: failed checks of testbenches are ignored.
        budget: simulations that the run could use.
        seconds: time that the run worked (`RunState.worked`).
        policies: those that the user chose, as `RunState.policies`; `policy` is the last.
    """

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
    budget: int = 0
    seconds: float = 0.0
    policies: tuple[Mapping[str, Any], ...] = ()

    @property
    def met(self) -> bool:
        """Whether every spec is met in sound testbenches."""
        return self.best.met and (self.forced or not self.unsound)

    @property
    def unsound(self) -> tuple[str, ...]:
        """The symptoms that the testbenches show of the best design."""
        return tuple(self.verified.get("unsound", ()))

    @property
    def simulations(self) -> int:
        return History(self.problem, self.turns).simulations
