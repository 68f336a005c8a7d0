"""Making the atlas: of the designs in the pools of a training, those that answer random targets best, and some that do not work.

    python -m eda_agent.train.atlas train/recipes/embedded.yaml [FILE]

Pools are simulated where they are not in the cache. Targets are drawn as the training draws its own; shipped targets are refused by their hash.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.policies.atlas import FILE, Sheet, sheet_key, write_atlas
from eda_agent.agent.score import margin
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import with_target
from eda_agent.simulation.machines import open_pool
from eda_agent.train.pool import Pool
from eda_agent.train.recipe import load_recipe
from eda_agent.train.sources import open_sources
from eda_agent.train.tasks import Source, held_out, spec_file

TARGETS, BEST = 600, 10
"""Random targets of a circuit, and designs of each that are kept."""
TIGHT = 0.5
BROKEN = 600
"""Designs with a spec that could not be measured, at most: they say where a circuit works at all."""


def grades(problem: Problem, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score of every row (designs, specs) of values: `agent.score` by columns."""
    weights = np.array([spec.weight for spec in problem.specs])
    columns = [
        np.clip(1 + np.array([margin(spec, None if value != value else value) for value in values[:, number].tolist()]), 0.0, 1.0)
        for number, spec in enumerate(problem.specs)
    ]
    return np.asarray(np.stack(columns, axis=1) @ weights / weights.sum())


def useful(source: Source, draw: random.Random, refused: frozenset[str]) -> list[tuple[int, int]]:
    """(condition, design) of those that answer some target best, the most useful first; then some that could not be measured."""
    pool = source.pool
    places = [(condition, design) for condition in range(len(pool.conditions)) for design in pool.working(condition)]
    values = np.array([pool.values[place] for place in places])
    wins: Counter[tuple[int, int]] = Counter()
    for _ in range(TARGETS):
        target = pool.target(draw.randrange(len(pool.conditions)), "tight" if draw.random() < TIGHT else "uniform", draw)
        if target is None or target.digest in refused:
            continue
        graded = grades(with_target(pool.problem, target), values)
        wins.update(places[int(index)] for index in np.argsort(-graded, kind="stable")[:BEST])
    unmeasured = [(int(condition), int(design)) for condition, design in np.argwhere(np.isnan(pool.values).any(-1))]
    return [place for place, _ in wins.most_common()] + sorted(draw.sample(unmeasured, min(BROKEN, len(unmeasured))))


def sheet(pool: Pool, chosen: Sequence[tuple[int, int]]) -> Sheet:
    return Sheet(
        tuple(parameter.role for parameter in pool.problem.space.parameters), tuple(spec.metric.name for spec in pool.problem.specs),
        np.array([pool.sizes[place] for place in chosen]), np.array([pool.values[place] for place in chosen]),
        np.array([condition for condition, _ in chosen]),
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eda_agent.train.atlas", description="Write the atlas of a recipe's circuits.")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("file", type=Path, nargs="?", default=Path(str(resources.files("eda_agent.agent.language"))) / "weights" / FILE)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe)
    sheets = {}
    executor = open_pool(recipe.workers, recipe.cluster)
    try:
        for source in open_sources(recipe, executor):
            if source.name not in recipe.circuits:
                break  # composed circuits come after these, and are nobody's
            chosen = useful(source, random.Random(f"atlas {source.name} {recipe.seed}"), held_out())
            sheets[sheet_key(load_problem(spec_file(source.name)))] = sheet(source.pool, chosen)
            sys.stdout.write(f"{source.name}: {len(chosen)} designs\n")
    finally:
        executor.close()
    write_atlas(options.file, sheets)
    sys.stdout.write(f"{options.file}: {options.file.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
