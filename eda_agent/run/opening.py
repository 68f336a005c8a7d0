"""Opening a run creates its parts: folder, journal, problem, policy, workers and evaluator."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.registry import make_policy
from eda_agent.errors import Finding, InputError
from eda_agent.problem.guard_band import with_guard
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_corners import named_set
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState
from eda_agent.record.journal import Journal, read_journal
from eda_agent.record.restore import restore_state
from eda_agent.run.drafted_targets import SATURATION_MARGIN, nominal_targets
from eda_agent.run.endpoints import remember_endpoint
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.run.folder import run_folder
from eda_agent.run.post_layout import with_estimate
from eda_agent.run.request import Request, check_options
from eda_agent.run.resume import Resumed, run_to_resume, settle
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.executors import open_pool


@dataclass(frozen=True)
class OpenRun:
    """The parts of a run."""

    resumed: Resumed
    problem: Problem
    folder: Path
    journal: Journal
    state: RunState
    policy: Policy
    pool: Executor
    evaluator: Evaluator


def open_run(given: Request, problem: Problem | None, stack: contextlib.ExitStack) -> OpenRun:
    """Open what a run needs. Leaving `stack` closes it, the journal last."""
    state, resumed = RunState(), Resumed(given, given.chosen_policy, given.options)
    journal: Journal | None = None
    if given.resume:
        folder = run_to_resume(given)
        journal, state = _held(folder, stack)
        resumed = settle(given, state, folder)
    request = resumed.request
    check_options(request)
    # slow starts come first, so that they overlap with reading the spec
    pool = open_pool(request.workers, request.cluster)
    with contextlib.ExitStack() as failing:
        failing.callback(pool.close)
        problem = problem or with_guard(with_corners(load_problem(request.spec), request.corners), request.guard)
        problem, said = with_estimate(problem, given, state)
        if not given.resume:
            said = (*said, *nominal_targets(problem))
        resumed = replace(resumed, notes=(*resumed.notes, *said))
        found = request.out is not None and request.out.exists()
        folder = run_folder(request, problem)
        if not found:
            # leaving the stack comes here last: a run that could not begin leaves no folder
            stack.callback(_remove_empty, folder)
        if journal is None:
            journal, state = _held(folder, stack)
            if state.started:
                raise InputError(
                    Finding(
                        "this folder already holds a run",
                        folder,
                        fix="add --resume to continue it, or choose another --out",
                    )
                )
        # the user may have changed the policy during the run
        policy = make_policy(resumed.policy, request.chosen_seed, resumed.options)
        if (endpoint := given.options.get("endpoint")) is not None:
            remember_endpoint(str(endpoint))
        failing.pop_all()
    evaluator = stack.enter_context(open_evaluator(problem, cache=request.cache is not False, pool=pool))
    return OpenRun(resumed, problem, folder, journal, state, policy, pool, evaluator)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _held(folder: Path, stack: contextlib.ExitStack) -> tuple[Journal, RunState]:
    """The journal, locked before it is read: everything that another process wrote is there, and it can write no
    more.
    """
    journal = Journal(folder / "journal.jsonl")
    stack.callback(journal.leave)
    return journal, restore_state(read_journal(journal.path)) if journal.path.stat().st_size else RunState()


def in_one_corner(problem: Problem, name: str) -> Problem:
    """The problem in one of its corners, with the specs that count there; all specs if none does."""
    corner = next(one for one in problem.corners if one.name == name)
    counting = [spec for spec in problem.specs if not spec.corners or name in spec.corners]
    specs = tuple(replace(spec, corners=()) for spec in counting or problem.specs)
    return replace(problem, corners=(corner,), specs=specs)


def with_corners(problem: Problem, name: str | None) -> Problem:
    """The problem in a named set of corners, or unchanged for None. A spec restricted to corners keeps those that the
    set has too, and counts in all if it has none. A saturation that `init` drafted in the nominal corner counts there.
    """
    if name is None:
        return problem
    corners = named_set(name, problem.pdk, problem.corners[0].vdd)
    names = {corner.name for corner in corners}
    drafted = bool(nominal_targets(replace(problem, corners=corners)))
    specs = []
    for spec in problem.specs:
        kept = tuple(corner for corner in spec.corners if corner in names)
        if drafted and not spec.corners and spec.metric.name == SATURATION_MARGIN:
            kept = (corners[0].name,)
        specs.append(replace(spec, corners=kept))
    return replace(problem, corners=corners, specs=tuple(specs))
