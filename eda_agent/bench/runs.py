"""Running jobs in parallel in separate processes; each result is written as it arrives."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import run_loop
from eda_agent.agent.policies.registry import make_policy
from eda_agent.bench.spread import spread
from eda_agent.bench.suite import Job
from eda_agent.errors import EdaAgentError, StorageError
from eda_agent.files import json_line, read_json_lines
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import read_targets, with_target
from eda_agent.record.locked_jsonl import LockedJsonlFile
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.tools.toolbox import RunToolbox, equip


def run_bench(
    jobs: Sequence[Job],
    results: Path,
    workers: int | None,
    tell: Callable[[int, int, dict[str, Any] | None], None],
    cluster: str | None = None,
) -> list[dict[str, Any]]:
    """Run the jobs that `results` does not hold, and return all results.

    Args:
        tell: called with (done, all, last) after each.
        cluster: address of a Ray cluster.

    Raises:
        InputError: another process writes to `results`.
        StorageError: the results cannot be written; earlier ones are kept.
        WorkerError: a process that runs jobs is lost; earlier results are kept.
    """
    known = _rows(results)
    if any(job.key not in known for job in jobs):
        results.parent.mkdir(parents=True, exist_ok=True)
        with LockedJsonlFile(results, "record of results") as file:
            # locked before it is read: another process may have just finished
            known = _rows(results)
            todo = [job for job in jobs if job.key not in known]
            tell(len(jobs) - len(todo), len(jobs), None)
            with contextlib.closing(spread(run_job, todo, workers, cluster)) as rows:
                for row in rows:
                    _keep(file, results, row)
                    known[row["key"]] = row
                    tell(sum(job.key in known for job in jobs), len(jobs), row)
    else:
        tell(len(jobs), len(jobs), None)
    return [known[job.key] for job in jobs]


def _rows(results: Path) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in read_json_lines(results)}


def _keep(file: LockedJsonlFile, path: Path, row: dict[str, Any]) -> None:
    try:
        file.write(json_line(row).encode())
    except OSError as error:
        raise StorageError(
            f"{path}: the results cannot be written: {error.strerror}\n    → free disk space, then repeat the command;"
            " earlier results are kept"
        ) from None


_POOL: list[LocalPool] = []
"""This process's simulator: started once, shared by its jobs."""


def run_job(job: Job) -> dict[str, Any]:
    """One run without a folder: its curve of best scores and its cost."""
    if not _POOL:
        _POOL.append(LocalPool(1))
    pool = _POOL[0]
    problem = _problem(job)
    start = time.perf_counter()
    row: dict[str, Any] = {
        "key": job.key,
        "circuit": Path(job.spec).parent.name,
        "target": job.target,
        "policy": job.policy,
        "seed": job.seed,
        "budget": job.budget,
    }
    try:
        evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())
        env = Environment(problem, evaluator)
        budget = replace(problem.budget, simulations=job.budget, until="met")
        policy = equip(make_policy(job.policy, job.seed), RunToolbox(evaluator, lambda: job.budget))
        stop = run_loop(env, policy, budget, _quiet, Control())
    except EdaAgentError as error:
        return {**row, "error": str(error), "curve": [], "met_at": None, "seconds": time.perf_counter() - start}
    curve = [env.history.turns[0].value]
    met_at: int | None = 0 if env.history.turns[0].met else None
    for turn in env.history.turns[1:]:
        if turn.evaluation is not None:
            curve.append(max(curve[-1], turn.value))
            if turn.met and met_at is None:
                met_at = len(curve) - 1
    return {
        **row,
        "stop": stop,
        "curve": [round(value, 5) for value in curve],
        "met_at": met_at,
        "best": _best(env),
        "simulator_seconds": round(
            sum(turn.evaluation.seconds for turn in env.history.turns if turn.evaluation is not None), 3
        ),
        "seconds": round(time.perf_counter() - start, 3),
    }


def _best(env: Environment) -> dict[str, list[Any]]:
    """Spec → [its value in the worst corner, whether it is met], of the best turn."""
    turn = env.history.incumbent
    results = turn.score.results if turn is not None and turn.score is not None else ()
    return {one.spec: [one.value, one.met] for one in results}


def _problem(job: Job) -> Problem:
    problem = load_problem(Path(job.spec))
    if not job.target:
        return problem
    target = next(target for target in read_targets(Path(job.targets)) if target.name == job.target)
    return with_target(problem, target)


def _quiet(type: str, /, **fields: Any) -> None:
    del type, fields
