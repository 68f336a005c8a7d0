"""A survey is a circuit's good designs simulated under many more conditions than a pool has: the training data of the
circuit's surrogate.

    python -m eda_agent.train.survey train/recipes/embedded.yaml [CIRCUIT …]

Every condition starts with good designs of the circuit's pool and continues with neighbours of the best ones.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.executors import open_pool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.designs import designs_around, not_dominated
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import Pool, pool_problem
from eda_agent.train.recipe import Recipe, load_recipe
from eda_agent.train.sources import KEPT, open_sources
from eda_agent.train.tasks import known_sizing, spec_file

CONDITIONS, DESIGNS, ROUNDS = 256, 40, 2
APART = 1000
"""Added to the recipe's seed, so that a survey has other conditions than the pool."""
FEWER = {"strongarm": 128, "ring_vco": 248}
"""Fewer conditions: transients take ten times as long, and the oscillator stops in some conditions."""
WIDE = 3
"""Designs per condition anywhere around the known one."""


def good(pool: Pool) -> list[dict[str, float]]:
    """The designs of a pool that no other beats in every spec under the same condition."""
    found = []
    for condition in range(len(pool.conditions)):
        rows = [pool.row(condition, design) for design in range(pool.sizes.shape[1])]
        found += [pool.sizing(condition, design) for design in not_dominated(pool.problem, rows)]
    return found


def survey(
    recipe: Recipe, name: str, pool: Pool, executor: Executor, conditions: int | None = None, designs: int = DESIGNS
) -> Pool:
    """The survey of a circuit with that pool: read from the user's cache, or simulated and stored there."""
    base, parents, seed = load_problem(spec_file(name)), good(pool), recipe.seed + APART
    problem = pool_problem(base, conditions or FEWER.get(base.name, CONDITIONS), seed)
    known = known_sizing(name, base)

    def begin(draw: random.Random, count: int) -> list[dict[str, float]]:
        around = designs_around(problem, problem.space.snap(known), draw, 2 + WIDE)
        return around + [draw.choice(parents) for _ in range(count - len(around))]

    def evaluator() -> Evaluator:
        return Evaluator(problem, Workbench(problem, cache_folder() / "models"), executor, MemoryCache(KEPT))

    def tell(done: int, all_: int) -> None:
        if done % (16 * designs) == 0:
            sys.stderr.write(f"{name}: {done} of {all_} simulated\n")

    folder = cache_folder() / "pools"
    return make_pool(problem, evaluator, known, designs, ROUNDS, seed, folder, tell, begin, f"survey-{base.name}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.survey", description="Simulate the surveys of a recipe's circuits."
    )
    parser.add_argument("recipe", type=Path)
    parser.add_argument("circuit", nargs="*", help="all of the recipe where none is named")
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe)
    executor = open_pool(recipe.workers, recipe.cluster)
    try:
        for source in open_sources(recipe, executor):
            if source.name not in recipe.circuits:
                break  # composed circuits come after these
            if options.circuit and source.name not in options.circuit:
                continue
            begun = time.monotonic()
            made = survey(recipe, source.name, source.pool, executor)
            working = sum(len(made.working(condition)) for condition in range(len(made.conditions)))
            sys.stdout.write(
                f"{source.name}: {made.failed.size} designs, {working} work, {time.monotonic() - begun:.0f} s\n"
            )
            sys.stdout.flush()
    finally:
        executor.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
