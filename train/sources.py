"""Opening the sources of a recipe: its circuits under random conditions, their evaluators, their pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.target import Target
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.deck import Workbench
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import LocalPool
from eda_agent.train.pool import make_pool, pool_problem
from eda_agent.train.recipe import Recipe
from eda_agent.train.tasks import Source, check_structure, given_targets, known_sizing, spec_file

Tell = Callable[[str, int, int, Mapping[str, float]], None]
"""Hears (phase, done, all, metrics)."""


def targets_of(recipe: Recipe) -> dict[str, Sequence[Target]]:
    """The targets that a recipe names, for its one circuit."""
    if recipe.targets is None:
        return {}
    if len(recipe.circuits) != 1:
        raise InputError("targets: a file of targets belongs to one circuit\n    → name one in circuits, or leave targets out")
    return {recipe.circuits[0]: given_targets(Path(recipe.targets))}


def open_sources(
    recipe: Recipe, executor: LocalPool, tell: Tell = lambda *_: None, given: Mapping[str, Sequence[Target]] | None = None
) -> Iterator[Source]:
    """The circuits of a recipe with their pools, simulated where they were not before. Raises `InputError` for a held-out structure.

    `given`: targets by circuit, whose conditions then are the pool's.
    """
    for name in recipe.circuits:
        base = load_problem(spec_file(name))
        check_structure(name, base)
        problem = pool_problem(base, recipe.pool.conditions, recipe.seed)
        if given and name in given:
            problem = replace(
                problem, corners=tuple(replace(target.corner, name=f"c{number}") for number, target in enumerate(given[name]))
            )
        workbench = Workbench(problem, cache_folder() / "models")
        evaluator = Evaluator(problem, workbench, executor, MemoryCache(), points_everywhere=True)

        def heard(done: int, all_: int, name: str = name) -> None:
            tell(f"pool {name}", done, all_, {})

        pool = make_pool(
            evaluator, known_sizing(name, base), recipe.pool.designs, recipe.pool.rounds, recipe.seed, cache_folder() / "pools", heard
        )
        yield Source(name, pool, evaluator, CircuitWords(problem))
