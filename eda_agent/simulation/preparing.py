"""Preparing determines how each deck of a problem can be loaded and altered, once per deck and user."""

from __future__ import annotations

import random
from collections.abc import Callable

from eda_agent.problem.space import DesignSpace, Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import ResultCache
from eda_agent.simulation.executor import Executor, Preparation
from eda_agent.simulation.reply import sound_preparation
from eda_agent.simulation.workbench import Workbench


def prepare(
    problem: Problem, workbench: Workbench, executor: Executor, cache: ResultCache, key: Callable[..., str]
) -> dict[str, Preparation]:
    """Prepare the decks of a problem on an executor.

    Args:
        problem: what to measure.
        workbench: its decks.
        executor: prepares the decks that the cache does not know, and adopts the others' preparations.
        cache: stores preparations.
        key: the cache's key of some parts.

    Returns:
        key of a deck → its preparation.
    """
    first = workbench.instance(problem.space.initial)
    second = workbench.instance(_another(problem.space))
    keys = {deck.key: key("prepare", deck.key, first.circuit, second.circuit) for deck in workbench.decks}
    known = cache.get_many(list(keys.values()))
    preparations: dict[str, Preparation] = {}
    new = []
    for deck in workbench.decks:
        kept = known.get(keys[deck.key])
        if sound_preparation(kept):
            assert kept is not None
            preparations[deck.key] = Preparation(kept["flat"], kept["nodeset"], kept["deviation"])
            executor.adopt(deck, preparations[deck.key])
        else:
            new.append(deck)
    for deck, done in zip(new, executor.prepare(new, first, second, 10 * problem.budget.timeout), strict=True):
        preparations[deck.key] = done
        if done.deviation is not None or done.nodeset:
            cache.put(keys[deck.key], {"flat": done.flat, "nodeset": done.nodeset, "deviation": done.deviation})
    return preparations


def _another(space: DesignSpace) -> Sizing:
    """A second sizing. Any is suitable if every parameter changes and it simulates: a step of a tenth of each range,
    seeded.
    """
    draw = random.Random(0)
    moved = [position + draw.choice((-0.1, 0.1)) for position in space.to_unit(space.initial)]
    return space.from_unit([-p if p < 0 else 2 - p if p > 1 else p for p in moved])
