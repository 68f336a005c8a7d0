"""Opening the sources of a recipe: its circuits under random conditions, their evaluators, their pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import Target
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import pool_problem
from eda_agent.train.recipe import PoolRecipe, Recipe, spans
from eda_agent.train.tasks import Source, check_structure, given_targets, known_sizing, spec_file

ABLE = 0.2
"""Minimum share of a composed circuit's working designs, in at least half of its conditions."""

KEPT = 300
"""Number of cached results per circuit: a batch repeats its own designs, hardly ever those of an earlier one, and there
are hundreds of circuits.
"""

Tell = Callable[[str, int, int, Mapping[str, float]], None]
"""Receives (phase, done, all, metrics)."""


def targets_of(recipe: Recipe) -> dict[str, Sequence[Target]]:
    """The targets that a recipe names, for its only circuit."""
    if recipe.targets is None:
        return {}
    if len(recipe.circuits) != 1:
        raise InputError(
            "targets: a file of targets belongs to one circuit\n    → name one in circuits, or leave targets out"
        )
    return {recipe.circuits[0]: given_targets(Path(recipe.targets))}


def open_sources(
    recipe: Recipe,
    executor: Executor,
    tell: Tell = lambda *_: None,
    given: Mapping[str, Sequence[Target]] | None = None,
) -> Iterator[Source]:
    """The circuits of a recipe with their pools, simulated if necessary. Raises `InputError` for a held-out structure.

    `given`: targets by circuit, whose conditions are then those of the pool.
    """
    generated, seed = recipe.generated, _seed(recipe)
    share = generated.share if generated.count else 0.0
    for name in recipe.circuits:
        base = load_problem(spec_file(name))
        check_structure(name, base)
        problem = pool_problem(base, recipe.pool.conditions, seed, spans(recipe.pool.ranges))
        if given and name in given:
            problem = replace(
                problem,
                corners=tuple(replace(target.corner, name=f"c{number}") for number, target in enumerate(given[name])),
            )

        def heard(done: int, all_: int, name: str = name) -> None:
            tell(f"pool {name}", done, all_, {})

        yield _source(
            name,
            problem,
            known_sizing(name, base),
            recipe.pool,
            seed,
            executor,
            (1 - share) / len(recipe.circuits),
            heard,
        )
    if generated.count:
        yield from _generated(recipe, executor, tell)


def _seed(recipe: Recipe) -> int:
    return recipe.seed if recipe.pool.seed is None else recipe.pool.seed


def _generated(recipe: Recipe, executor: Executor, tell: Tell) -> Iterator[Source]:
    """Composed circuits. One whose designs mostly do not work is replaced by another."""
    from eda_agent.train.topologies.compose import topologies

    wanted, pool, seed = recipe.generated.count, recipe.generated.pool, _seed(recipe)
    kept = 0
    for path, base in topologies(seed, cache_folder() / "topologies"):
        problem = pool_problem(base, pool.conditions, seed)
        weight = recipe.generated.share / wanted
        source = _source(base.name, problem, base.space.initial, pool, seed, executor, weight, lambda *_: None)
        able = sum(len(source.pool.working(condition)) >= ABLE * pool.designs for condition in range(pool.conditions))
        if able < pool.conditions / 2:
            continue
        check_structure(str(path), base)
        kept += 1
        tell("composed circuits", kept, wanted, {})
        yield source
        if kept == wanted:
            return


def _source(
    name: str,
    problem: Problem,
    known: Mapping[str, float],
    pool: PoolRecipe,
    seed: int,
    executor: Executor,
    weight: float,
    heard: Callable[[int, int], None],
) -> Source:
    def evaluator() -> Evaluator:
        return Evaluator(
            problem, Workbench(problem, cache_folder() / "models"), executor, MemoryCache(KEPT), points_everywhere=True
        )

    made = make_pool(problem, evaluator, known, pool.designs, pool.rounds, seed, cache_folder() / "pools", heard)
    return Source(name, made, CircuitWords(problem), weight, evaluator)
