"""Preparing a run opens its parts and refuses an impossible request before anything is reported as started."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace

from eda_agent import __version__
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.warm_start import WarmStartPolicy
from eda_agent.problem.spec import Budget, Problem
from eda_agent.record.event import Event
from eda_agent.record.events import Stream
from eda_agent.run.baseline_check import check_baseline, warnings_of
from eda_agent.run.changes import Changes, compare
from eda_agent.run.design_memory import seeds_of
from eda_agent.run.opening import OpenRun, open_run
from eda_agent.run.post_layout import drawn_sizes
from eda_agent.run.request import Request
from eda_agent.run.spec_copy import write_copy
from eda_agent.run.trust import warning
from eda_agent.simulation.cache import cache_folder
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.memory import Memory


@dataclass(frozen=True)
class Prepared:
    """A run that can be played.

    Attributes:
        run: its folder, journal, policy, workers and evaluator.
        changes: the changes that a resumed run found.
        stream: receives its events.
        seeds: designs of earlier runs that `policy` proposes first, from `memory`.
        width: number of proposals simulated at once.
        force: ignore failed checks of testbenches; `remarks`: warnings about them.
    """

    run: OpenRun
    changes: Changes
    stream: Stream
    budget: Budget
    memory: Memory
    seeds: list[dict[str, float]]
    policy: Policy
    width: int
    force: bool
    remarks: list[str]


def prepare(
    request: Request, problem: Problem | None, listen: Callable[[Event], None], stack: contextlib.ExitStack
) -> Prepared:
    """Open and check everything that a request needs; leaving the stack closes it.

    Raises `InputError` or `MissingError` if the request cannot work.
    """
    run = open_run(request, problem, stack)
    request, problem, state, evaluator = run.resumed.request, run.problem, run.state, run.evaluator
    changes = compare(request, state, problem, evaluator.workbench, run.folder)
    if not state.started or changes.diff:
        write_copy(problem, run.folder)
    stream = Stream(run.journal.append, listen, sequence=state.sequence)
    budget = problem.budget if request.simulations is None else replace(problem.budget, simulations=request.simulations)
    memory = Memory(cache_folder() / "memory.sqlite")
    seeds = state.started.get("seeds", []) if state.started else _seeds(request, problem, memory)
    policy = WarmStartPolicy(run.policy, seeds) if seeds else run.policy
    # a resumed run makes the same proposals on any machine
    width = (
        request.parallel
        or state.started.get("parallel")
        or max(1, run.pool.size // max(len(evaluator.workbench.decks), 1))
    )
    _greet(stream, run.pool)
    # a refused run has not started
    force = bool(request.force or state.started.get("forced"))
    remarks = warnings_of(check_baseline(evaluator, force=force)) if not state.turns else []
    return Prepared(run, changes, stream, budget, memory, seeds, policy, width, force, remarks)


def _seeds(request: Request, problem: Problem, memory: Memory) -> list[dict[str, float]]:
    """Designs that a new run proposes first: what was drawn, then the best of earlier runs."""
    drawn = drawn_sizes(request, problem)
    earlier = seeds_of(problem, memory) if request.memory else []
    return earlier if drawn is None or drawn == problem.space.initial else [drawn, *earlier]


def _greet(stream: Stream, pool: Executor) -> None:
    """Report versions and the layers of the simulators' sandbox."""
    stream.emit(
        "hello", program="eda-agent", version=__version__, python=platform.python_version(), ngspice=pool.version,
        capabilities=["resume", "control"], sandbox=list(pool.sandbox),
    )  # fmt: skip
    if unconfined := warning(pool.sandbox):
        stream.emit("log", level="warning", about="sandbox", message=unconfined)
