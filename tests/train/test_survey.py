"""A survey: other conditions than the pool's, begun with its good designs; simulated once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train import survey as module
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import pool_problem
from eda_agent.train.recipe import Recipe
from eda_agent.train.surrogate import lessons
from eda_agent.train.survey import WIDE, good, survey
from eda_agent.train.tasks import known_sizing, spec_file


def test_other_conditions_begin_with_good_designs_of_the_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, models = load_problem(spec_file("ota_5t")), cache_folder() / "models"
    problem, known = pool_problem(base, 2, 0), known_sizing("ota_5t", base)
    (tmp_path / "models").symlink_to(models)
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path)
    with LocalPool(2) as executor:
        evaluator = Evaluator(problem, Workbench(problem, models), executor, MemoryCache())
        pool = make_pool(problem, lambda: evaluator, known, 12, 1, 0, tmp_path)
        made = survey(Recipe("small", ("ota_5t",)), "ota_5t", pool, executor, conditions=2, designs=24)
    assert made.sizes.shape[:2] == (2, 24)
    assert not {repr(one) for one in made.conditions} & {repr(one) for one in pool.conditions}
    parents = good(pool)
    assert parents and all(pool.problem.space.snap(one) == one for one in parents)
    for condition in range(2):
        assert made.sizing(condition, 0) == pytest.approx(problem.space.snap(known))
        assert made.sizing(condition, 1) == pytest.approx(problem.space.initial)
        first = [made.sizing(condition, design) for design in range(2 + WIDE, 8)]
        assert all(any(one == pytest.approx(other) for other in parents) for one in first)
        # neighbours of what is best come after them
        assert len({tuple(row) for row in made.sizes[condition].tolist()}) > 16
    # what is there is not simulated again: an executor that has nothing would fail
    again = survey(Recipe("small", ("ota_5t",)), "ota_5t", pool, _Nobody(), conditions=2, designs=24)  # type: ignore[arg-type]
    assert np.array_equal(again.values, made.values, equal_nan=True)
    taught = lessons(made)
    assert (
        len(taught) == 2
        and taught[0].points.shape == (24, len(problem.space.parameters))
        and taught[0].whole.sum() > 10
    )


class _Nobody:
    """Simulates nothing."""
