"""Policies on composed circuits whose structure no training has seen: where settings are chosen, so that the held-out
circuits need not be looked at.

    python benchmarks/composed.py --policy auto,trust [--circuits 40] [--budget 30] [--out FOLDER]

Circuits come from another seed than those of the training, without any structure that the training had; two targets
each, one uniform and one tight, under random conditions that no policy is told. Results are kept circuit by circuit,
and a stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import run_loop
from eda_agent.agent.policies.registry import make_policy
from eda_agent.bench import markdown
from eda_agent.files import read_json_lines
from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.problem.target import Target, with_target
from eda_agent.simulation.cache import MemoryCache, NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import pool_problem
from eda_agent.train.topologies.compose import topologies

SEED, TRAINED = 1, 210
"""Of these circuits; circuits of seed 0 that a training may have had."""
DESIGNS, ABLE = 40, 0.2


def quiet(type: str, /, **fields: Any) -> None:
    del type, fields


def play(path: Path, policies: Sequence[str], budget: int, known: frozenset[str]) -> list[dict[str, Any]]:
    """Runs of one circuit that are not known yet; none where its designs mostly do not work."""
    base = load_problem(path)
    keys = [f"{base.name}/{kind}/{policy}/{budget}" for kind in ("uniform", "tight") for policy in policies]
    if known.issuperset(keys):
        return []
    problem = pool_problem(base, 2, SEED)
    rows = []
    with LocalPool(1) as workers:

        def evaluator() -> Evaluator:
            return Evaluator(
                problem, Workbench(problem, cache_folder() / "models"), workers, MemoryCache(), points_everywhere=True
            )

        pool = make_pool(problem, evaluator, base.space.initial, DESIGNS, 1, SEED, cache_folder() / "pools")
        for condition, kind in enumerate(("uniform", "tight")):
            if len(pool.working(condition)) < ABLE * DESIGNS:
                continue
            target = pool.target(condition, kind, random.Random(f"{base.name} {kind}"))
            if target is None:
                continue
            for policy in policies:
                key = f"{base.name}/{kind}/{policy}/{budget}"
                if key not in known:
                    rows.append(
                        {
                            "key": key,
                            "circuit": base.name,
                            "target": kind,
                            "policy": policy,
                            "seed": 0,
                            "budget": budget,
                        }
                        | run(base, target, policy, budget, workers)
                    )
    return rows


def run(base: Any, target: Target, policy: str, budget: int, workers: LocalPool) -> dict[str, Any]:
    """One run, as `bench` keeps it."""
    asked = with_target(base, target)
    begin = time.perf_counter()
    env = Environment(asked, Evaluator(asked, Workbench(asked, cache_folder() / "models"), workers, NoCache()))
    run_loop(env, make_policy(policy, 0, {}), replace(asked.budget, simulations=budget, until="met"), quiet, Control())
    curve, met = [env.history.turns[0].value], 0 if env.history.turns[0].met else None
    for turn in env.history.turns[1:]:
        curve.append(max(curve[-1], turn.value))
        if turn.met and met is None:
            met = len(curve) - 1
    return {
        "curve": [round(value, 5) for value in curve],
        "met_at": met,
        "seconds": round(time.perf_counter() - begin, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", default="auto,embedded,trust")
    parser.add_argument("--circuits", type=int, default=40)
    parser.add_argument("--budget", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path("runs/composed"))
    options = parser.parse_args()
    policies = options.policy.split(",")
    folder = cache_folder() / "topologies"
    trained = {fingerprint(problem) for _, problem in islice(topologies(0, folder), TRAINED)}
    fresh = ((path, fingerprint(problem)) for path, problem in topologies(SEED, folder))
    paths: dict[str, Path] = {}
    for path, shape in fresh:
        if shape not in trained:
            paths.setdefault(shape, path)
        if len(paths) == options.circuits:
            break
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    rows = list(read_json_lines(results))
    known = frozenset(row["key"] for row in rows)
    cores = os.cpu_count() or 1
    with (
        ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool,
        results.open("a", encoding="utf-8") as file,
    ):
        for done in as_completed([pool.submit(play, path, policies, options.budget, known) for path in paths.values()]):
            for row in done.result():
                rows.append(row)
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                file.flush()
    wanted = [row for row in rows if row["policy"] in policies and row["budget"] == options.budget]
    text = markdown(wanted)
    (options.out / "table.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
