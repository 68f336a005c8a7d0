"""Writes the test targets of AutoCkt's task: 200 random ones in its ranges, and 200 under random conditions that are
not told.

    python benchmarks/autockt/targets.py

The first are as AutoCkt draws them, met by a known design or not. Each of the others is met by one of 400 designs
simulated under its condition, where AutoCkt's own would often be out of reach of any.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Corner
from eda_agent.problem.target import Target, target_data
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import pool_problem
from eda_agent.train.recipe import load_recipe, spans

HERE = Path(__file__).parent
COUNT = 200
SEED = 1_000_003
"""Not that of any training."""


def fixed() -> list[Target]:
    recipe = load_recipe(HERE / "fixed.yaml")
    draw = random.Random(f"autockt fixed {SEED}")
    corner = Corner("target", "tt", 1.2, 27.0, {"load": 10e-12, "ibias": 30e-6})
    ranges = spans(recipe.bounds)
    return [
        Target(
            f"f{number:03d}",
            "uniform",
            corner,
            {name: float(f"{draw.uniform(*ends):.4g}") for name, ends in ranges.items()},
            {},
        )
        for number in range(COUNT)
    ]


def hidden() -> list[Target]:
    recipe = load_recipe(HERE / "hidden.yaml")
    base = load_problem(HERE)
    problem = pool_problem(base, COUNT, SEED, spans(recipe.pool.ranges))
    draw = random.Random(f"autockt hidden {SEED}")
    with LocalPool(None) as executor:
        evaluator = Evaluator(
            problem, Workbench(problem, cache_folder() / "models"), executor, MemoryCache(), points_everywhere=True
        )
        pool = make_pool(problem, lambda: evaluator, base.space.initial, 400, 3, SEED, cache_folder() / "pools")
    targets: list[Target] = []
    condition = 0
    while len(targets) < COUNT:
        # a condition without a target gives its place to the next round
        target = pool.target(
            condition % COUNT, "tight" if draw.random() < 0.5 else "uniform", draw, ranges=spans(recipe.bounds)
        )
        if target is not None:
            targets.append(replace(target, name=f"h{len(targets):03d}", corner=replace(target.corner, name="target")))
        condition += 1
    return targets


def main() -> None:
    for name, targets in (("fixed", fixed()), ("hidden", hidden())):
        data = {
            "made_by": "python benchmarks/autockt/targets.py",
            "targets": [target_data(target) for target in targets],
        }
        (HERE / f"{name}_targets.json").write_text(
            json.dumps(data, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n"
        )
        print(f"{name}: {len(targets)} targets")
        (HERE / f"{name}_suite.yaml").write_text(f"tasks: [{{spec: spec.yaml, targets: {name}_targets.json}}]\n")


if __name__ == "__main__":
    main()
