"""What a trained model must be better than, as policies: look-up in its own training simulations, stored designs,
itself without its history.

    eda-agent bench learned --policy embedded,python:benchmarks.rivals.LookUp,…

Look-up, single design and portfolio know the pools and surveys of `train/recipes/embedded.yaml`, as the shipped model
and surrogates did: they are made on first use where they are not in the cache. After their stored designs they climb:
a step around the best so far.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.history import History
from eda_agent.agent.policies.auto import AutoPolicy
from eda_agent.agent.policies.base import turn_rng
from eda_agent.agent.policies.embedded import EmbeddedPolicy
from eda_agent.agent.score import margin, score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import Pool, pool_problem
from eda_agent.train.recipe import load_recipe, spans
from eda_agent.train.survey import survey
from eda_agent.train.tasks import known_sizing, spec_file

RECIPE = Path(__file__).parent.parent / "train" / "recipes" / "embedded.yaml"
TARGETS = 400
"""Random training targets that the best single design and the portfolio are chosen by."""
STEP, MOVED = 0.08, 0.4
"""Of a climb: standard deviation in units of the range, share of the parameters that move."""


@cache
def library(name: str, recipe: Path = RECIPE) -> tuple[Pool, ...]:
    """All that a circuit's training simulated before it learnt: its pool, and the survey that the shipped surrogates
    were taught with."""
    pool = stored(name, recipe)
    if recipe != RECIPE:
        return (pool,)
    with LocalPool(1) as executor:
        return pool, survey(load_recipe(recipe), name, pool, executor)


@cache
def stored(name: str, path: Path = RECIPE) -> Pool:
    """The pool that a circuit of a recipe was trained with."""
    recipe = load_recipe(path)
    base = load_problem(spec_file(name))
    seed = recipe.seed if recipe.pool.seed is None else recipe.pool.seed
    problem = pool_problem(base, recipe.pool.conditions, seed, spans(recipe.pool.ranges))
    with LocalPool(1) as executor:
        evaluator = Evaluator(
            problem, Workbench(problem, cache_folder() / "models"), executor, MemoryCache(), points_everywhere=True
        )
        return make_pool(
            problem,
            lambda: evaluator,
            known_sizing(name, base),
            recipe.pool.designs,
            recipe.pool.rounds,
            seed,
            cache_folder() / "pools",
        )


def circuit(problem: Problem, recipe: Path) -> str:
    """What the recipe calls a problem: its folder, or the file where it is not one of the suite."""
    return problem.path.parent.name if recipe == RECIPE else load_recipe(recipe).circuits[0]


def grades(problem: Problem, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score of every row (designs, specs) of values: `agent.score` by columns."""
    weights = np.array([spec.weight for spec in problem.specs])
    columns = [
        np.clip(
            1 + np.array([margin(spec, None if value != value else value) for value in values[:, number].tolist()]),
            0.0,
            1.0,
        )
        for number, spec in enumerate(problem.specs)
    ]
    return np.asarray(np.stack(columns, axis=1) @ weights / weights.sum())


def climbed(history: History, rng: np.random.Generator) -> dict[str, float]:
    """A step around the incumbent."""
    best = history.incumbent
    space = history.problem.space
    center = np.array(space.to_unit(best.sizing if best is not None and best.sizing else space.initial))
    moved = rng.random(len(center)) < MOVED
    moved[rng.integers(len(center))] = True
    return space.from_unit(np.clip(center + moved * rng.normal(0.0, STEP, len(center)), 0.0, 1.0).tolist())


class Stored:
    """First the designs that `chosen` gives, none here, then a climb. `recipe`: whose training's designs."""

    name = "climb"
    recipe = RECIPE

    def __init__(self, seed: int):
        self.seed = seed
        self._designs: list[dict[str, float]] | None = None

    def propose(self, history: History) -> Proposal:
        if self._designs is None:
            self._designs = self.chosen(history.problem)
        number = len(history.turns) - 1
        if number < len(self._designs):
            return Proposal(self._designs[number], policy=self.name)
        return Proposal(climbed(history, turn_rng(self.seed, history)), policy=self.name)

    def chosen(self, problem: Problem) -> list[dict[str, float]]:
        return []


class LookUp(Stored):
    """The five stored designs that score best for what is asked, whatever condition they were simulated in."""

    name = "look-up"
    COUNT = 5

    def chosen(self, problem: Problem) -> list[dict[str, float]]:
        pools = library(circuit(problem, self.recipe), self.recipe)
        graded = grades(problem, np.concatenate([pool.values.reshape(-1, pool.values.shape[-1]) for pool in pools]))
        graded[np.concatenate([pool.failed.reshape(-1) for pool in pools])] = 0.0
        sizes = np.concatenate([pool.sizes.reshape(-1, pool.sizes.shape[-1]) for pool in pools])
        result: list[dict[str, float]] = []
        for place in np.argsort(-graded, kind="stable").tolist():
            sizing = dict(zip(problem.space.names, sizes[place].tolist(), strict=True))
            if sizing not in result:
                result.append(sizing)
            if len(result) == self.COUNT:
                break
        return result


class Portfolio(Stored):
    """The stored designs that together meet most random training targets, the most useful first."""

    name = "portfolio"
    COUNT = 10

    def chosen(self, problem: Problem) -> list[dict[str, float]]:
        return [dict(sizing) for sizing in _portfolio(circuit(problem, self.recipe), self.recipe, self.COUNT)]


class Single(Portfolio):
    """The one stored design that meets most random training targets."""

    name = "single design"
    COUNT = 1


@cache
def _portfolio(name: str, recipe: Path, count: int) -> tuple[Mapping[str, float], ...]:
    pool, ranges = stored(name, recipe), spans(load_recipe(recipe).bounds) or None
    draw = random.Random(f"portfolio of {name}")
    bounds = []
    while len(bounds) < TARGETS:
        target = pool.target(
            draw.randrange(len(pool.conditions)), draw.choice(("tight", "uniform")), draw, ranges=ranges
        )
        if target is not None:
            bounds.append(target.bounds)
    pools, specs = library(name, recipe), pool.problem.specs
    designs = [
        (one, place) for one in pools for place in [(c, d) for c in range(one.sizes.shape[0]) for d in one.working(c)]
    ]
    signs = np.array([1.0 if spec.minimum is not None else -1.0 for spec in specs])
    values = np.array([one.values[place] for one, place in designs]) * signs
    wanted = np.array([[bound[spec.name] for spec in specs] for bound in bounds]) * signs
    met = np.stack([(values >= each).all(1) for each in wanted], 1)
    left = np.ones(TARGETS, dtype=bool)
    chosen: list[Mapping[str, float]] = []
    for _ in range(count):
        best = int((met & left).sum(1).argmax())
        left &= ~met[best]
        one, place = designs[best]
        chosen.append(one.sizing(*place))
    return tuple(chosen)


class Blind(EmbeddedPolicy):
    """The embedded model shown nothing but the baseline: what it would do with one turn only, drawn again and again."""

    def propose(self, history: History) -> Proposal:
        shown = replace(history, turns=history.turns[:1])
        self.seed = int(turn_rng(0, history, "blind").integers(2**31 - 1))
        return super().propose(shown)


class Swapped(EmbeddedPolicy):
    """The embedded model whose sizes are its own and whose results are those of stored designs under other conditions
    (learned circuits only)."""

    recipe = RECIPE

    def propose(self, history: History) -> Proposal:
        return super().propose(swapped(history, self.seed, self.recipe))


class SwappedAuto(AutoPolicy):
    """The default policy, shown the same: model, search and surrogate alike."""

    def proposals(self, history: History) -> list[Proposal]:
        return super().proposals(swapped(history, self.search.seed, RECIPE))


def swapped(history: History, seed: int, recipe: Path) -> History:
    """The history with the sizes and proposals that it has, and results of the training's stored designs in place of
    its own."""
    pool = stored(circuit(history.problem, recipe), recipe)

    def result(turn: Turn) -> Turn:
        draw = random.Random(f"{seed} {turn.index} {history.problem.specs}")
        condition = draw.randrange(len(pool.conditions))
        other = pool.turn(history.problem, condition, draw.randrange(2, pool.sizes.shape[1]), turn.index)
        assert other.evaluation is not None
        return Turn(
            turn.index, turn.proposal, turn.sizing, other.evaluation, score(history.problem.specs, other.evaluation)
        )

    return replace(history, turns=tuple(result(turn) for turn in history.turns))


def names() -> Sequence[str]:
    """The policies of this module as `bench` takes them."""
    return [
        f"python:benchmarks.rivals.{kind.__name__}" for kind in (LookUp, Portfolio, Single, Blind, Swapped, SwappedAuto)
    ]
