"""A bench runs policies × circuits × targets × seeds at equal simulation budgets, and counts what each reached.

One line of `results.jsonl` a run, written when it ends: a bench that was stopped goes on where it was. A suite is the shipped circuits with
their targets, or a YAML file of the user's own:

    tasks:
      - {spec: my_opamp/spec.yaml, targets: my_opamp/targets.json}     # without targets the spec itself is the one target
"""

from __future__ import annotations

import contextlib
import json
import math
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Control, run_loop
from eda_agent.agent.policies.registry import POLICIES, make_policy
from eda_agent.errors import EdaAgentError, Finding, InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import Target, read_targets, with_target
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.deck import Workbench
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import LocalPool

MARKS = (1, 5, 10, 20, 30, 50, 100, 200)
"""Simulations at which results are shown."""
LEARNED = ("ota_5t", "two_stage_miller", "telescopic", "folded_cascode", "current_mirror_ota", "strongarm", "ldo", "ring_vco")
UNSEEN = ("three_stage_nmc", "class_ab_output", "recycling_folded_cascode", "tia")
"""Circuits that no model of ours is trained on."""


@dataclass(frozen=True)
class Job:
    """One run: `target` is a name in the targets of `spec`, "" for the spec itself."""

    spec: str
    targets: str
    target: str
    policy: str
    seed: int
    budget: int

    @property
    def key(self) -> str:
        return f"{Path(self.spec).parent.name}/{self.target}/{self.policy}/{self.seed}/{self.budget}"


@dataclass(frozen=True)
class Suite:
    """(spec file, targets file or None) of each circuit."""

    name: str
    tasks: tuple[tuple[Path, Path | None], ...]


def read_suite(name: str) -> Suite:
    """`all`, `learned`, `unseen`, one shipped circuit, or a YAML file. Raises `InputError`."""
    shipped = Path(str(resources.files("eda_agent.circuits")))
    groups = {"all": LEARNED + UNSEEN, "learned": LEARNED, "unseen": UNSEEN, **{one: (one,) for one in LEARNED + UNSEEN}}
    if name in groups:
        return Suite(name, tuple((shipped / one / "spec.yaml", shipped / one / "targets.json") for one in groups[name]))
    path = Path(name)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        tasks = tuple(
            (path.parent / entry["spec"], path.parent / entry["targets"] if "targets" in entry else None) for entry in data["tasks"]
        )
    except OSError:
        raise InputError(
            Finding(f"there is no suite {name!r}", fix=f"all, learned, unseen, a circuit ({', '.join(LEARNED + UNSEEN)}), or a YAML file")
        ) from None
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError):
        raise InputError(Finding("this is no suite", path, fix="write  tasks: [{spec: a/spec.yaml, targets: a/targets.json}]")) from None
    return Suite(path.stem, tasks)


def jobs_of(suite: Suite, policies: Sequence[str], seeds: int, budget: int, targets: int) -> list[Job]:
    """All runs, those of the first targets first. `targets`: at most so many a circuit, uniform and tight in turn."""
    unknown = [name for name in policies if name not in POLICIES]
    if unknown:
        raise InputError(f"unknown policy {', '.join(unknown)}\n    → known: {', '.join(POLICIES)}")
    names: dict[Path, list[str]] = {}
    for spec, file in suite.tasks:
        names[spec] = [target.name for target in _in_turn(read_targets(file))] if file is not None else [""]
    return [
        Job(str(spec), str(file or ""), names[spec][number], policy, seed, budget)
        for number in range(targets) for seed in range(seeds) for policy in policies for spec, file in suite.tasks if number < len(names[spec])
    ]  # fmt: skip


def _in_turn(targets: Sequence[Target]) -> list[Target]:
    kinds = [[target for target in targets if target.kind == kind] for kind in ("uniform", "tight")]
    result = [target for pair in zip(*kinds, strict=False) for target in pair]
    return result + [target for target in targets if target not in result]


def run_bench(
    jobs: Sequence[Job], results: Path, workers: int, tell: Callable[[int, int, dict[str, Any] | None], None]
) -> list[dict[str, Any]]:
    """Run what `results` does not hold yet, and give all results. `tell(done, all, last)` after each."""
    known = {row["key"]: row for row in read_results(results)}
    todo = [job for job in jobs if job.key not in known]
    tell(len(jobs) - len(todo), len(jobs), None)
    if todo:
        results.parent.mkdir(parents=True, exist_ok=True)
        # as many runs side by side as there are cores: the threads of a policy's own libraries would only fight over them
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        # a fresh interpreter each: a fork would share the parent's threads and random state
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool, results.open("a", encoding="utf-8") as file:
            for row in _as_they_come(pool, todo, workers):
                known[row["key"]] = row
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                file.flush()
                tell(sum(job.key in known for job in jobs), len(jobs), row)
    return [known[job.key] for job in jobs]


def _as_they_come(pool: ProcessPoolExecutor, todo: Sequence[Job], workers: int) -> Iterator[dict[str, Any]]:
    """Results in the order of their ends; only a few jobs are handed out at a time, so that an interrupt ends soon."""
    waiting = iter(todo)
    running: set[Future[dict[str, Any]]] = set()
    try:
        while True:
            for job in waiting:
                running.add(pool.submit(run_job, job))
                if len(running) > workers:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


_POOL: list[LocalPool] = []
"""This process's simulator: started once, shared by its jobs."""


def run_job(job: Job) -> dict[str, Any]:
    """One run, without a folder: its curve of best scores and what it cost."""
    if not _POOL:
        _POOL.append(LocalPool(1))
    pool = _POOL[0]
    problem = _problem(job)
    start = time.perf_counter()
    row: dict[str, Any] = {
        "key": job.key, "circuit": Path(job.spec).parent.name, "target": job.target, "policy": job.policy, "seed": job.seed, "budget": job.budget,
    }  # fmt: skip
    try:
        evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())
        env = Environment(problem, evaluator)
        budget = replace(problem.budget, simulations=job.budget, until="met")
        stop = run_loop(env, make_policy(job.policy, job.seed), budget, _quiet, Control())
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
        **row, "stop": stop, "curve": [round(value, 5) for value in curve], "met_at": met_at,
        "simulator_seconds": round(sum(turn.evaluation.seconds for turn in env.history.turns if turn.evaluation is not None), 3),
        "seconds": round(time.perf_counter() - start, 3),
    }  # fmt: skip


def _problem(job: Job) -> Problem:
    problem = load_problem(Path(job.spec))
    if not job.target:
        return problem
    target = next(target for target in read_targets(Path(job.targets)) if target.name == job.target)
    return with_target(problem, target)


def _quiet(type: str, /, **fields: Any) -> None:
    del type, fields


def read_results(path: Path) -> list[dict[str, Any]]:
    """The rows of a results file; a torn last line is left out."""
    rows = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                rows.append(json.loads(line))
    return rows


# what came out


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def score_at(row: Mapping[str, Any], simulations: int) -> float:
    """The best score after so many simulations; a run that ended keeps its last."""
    curve = row["curve"]
    return float(curve[min(simulations, len(curve) - 1)]) if curve else 0.0


def solved_at(row: Mapping[str, Any], simulations: int) -> bool:
    return row["met_at"] is not None and row["met_at"] <= simulations


def estimate(rows: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float], draws: int = 1000) -> Estimate:
    """Mean and percentile bootstrap over targets: runs of one target (its seeds) are drawn together, since they are alike."""
    groups: dict[str, list[float]] = {}
    for row in rows:
        groups.setdefault(f"{row['circuit']}/{row['target']}", []).append(float(value(row)))
    means = [math.fsum(group) / len(group) for group in groups.values()]
    if not means:
        return Estimate(math.nan, math.nan, math.nan)
    rng = random.Random(0)
    drawn = sorted(math.fsum(rng.choices(means, k=len(means))) / len(means) for _ in range(draws))
    return Estimate(math.fsum(means) / len(means), drawn[int(0.025 * draws)], drawn[int(0.975 * draws) - 1])


def policies_in(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row["policy"]) for row in rows))


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Tables: share solved and mean best score at each mark, by policy; then the best scores by circuit."""
    if not rows:
        return "no results\n"
    budget = max(int(row["budget"]) for row in rows)
    marks = [mark for mark in MARKS if mark <= budget]
    lines = []
    for title, value, text in (
        ("Solved, % of runs (95 % interval)", solved_at, _percent),
        ("Mean best score (95 % interval)", score_at, _score),
    ):
        lines += [
            f"**{title}** after so many simulations",
            "",
            f"| policy | {' | '.join(map(str, marks))} | s a run |",
            "| --- |" + " --- |" * (len(marks) + 1),
        ]
        for policy in policies_in(rows):
            mine = [row for row in rows if row["policy"] == policy]
            cells = [text(estimate(mine, partial(_value_at, value, mark))) for mark in marks]
            seconds = math.fsum(float(row["seconds"]) for row in mine) / len(mine)
            lines.append(f"| `{policy}` | {' | '.join(cells)} | {seconds:.1f} |")
        lines.append("")
    policies = policies_in(rows)
    lines += [
        f"**By circuit**: share solved / mean best score after {budget} simulations",
        "",
        f"| circuit | {' | '.join(f'`{policy}`' for policy in policies)} |",
        "| --- |" + " --- |" * len(policies),
    ]
    for circuit in dict.fromkeys(str(row["circuit"]) for row in rows):
        cells = []
        for policy in policies:
            mine = [row for row in rows if row["policy"] == policy and row["circuit"] == circuit]
            if not mine:
                cells.append("–")
                continue
            solved = sum(solved_at(row, budget) for row in mine) / len(mine)
            cells.append(f"{100 * solved:.0f} % / {math.fsum(score_at(row, budget) for row in mine) / len(mine):.4f}")
        lines.append(f"| {circuit} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _value_at(value: Callable[[Mapping[str, Any], int], float], mark: int, row: Mapping[str, Any]) -> float:
    return float(value(row, mark))


def _percent(found: Estimate) -> str:
    return f"{100 * found.mean:.0f} ({100 * found.low:.0f}–{100 * found.high:.0f})"


def _score(found: Estimate) -> str:
    return f"{found.mean:.4f} ({found.low:.4f}–{found.high:.4f})"


def curves(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Policy → mean best score after 0, 1, 2 … simulations."""
    budget = max(int(row["budget"]) for row in rows)
    result = {}
    for policy in policies_in(rows):
        mine = [row for row in rows if row["policy"] == policy]
        result[policy] = [math.fsum(score_at(row, count) for row in mine) / len(mine) for count in range(budget + 1)]
    return result
