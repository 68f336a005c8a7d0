"""A pool that was stopped goes on where it was, and comes out as if it had not been."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.make_pool import make_pool
from eda_agent.train.pool import Pool, pool_problem
from eda_agent.train.tasks import known_sizing, spec_file

CONDITIONS, DESIGNS = 3, 8


class Stopping(Evaluator):
    """Stops as Ctrl-C does before it has simulated more conditions than `last`, and says which it was asked for."""

    last: int | None = None
    asked: list[str]

    def evaluate(self, sizings: Sequence[Sizing], corners: Sequence[str] | None = None) -> list[Evaluation]:
        (corner,) = corners or ()
        if corner not in self.asked:
            if len(self.asked) == self.last:
                raise KeyboardInterrupt
            self.asked.append(corner)
        return super().evaluate(sizings, corners)


def test_a_pool_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    base = load_problem(spec_file("ota_5t"))
    problem, known = pool_problem(base, CONDITIONS, 0), known_sizing("ota_5t", base)
    workbench = Workbench(problem, cache_folder() / "models")

    with LocalPool(2) as executor:

        def made(folder: Path, last: int | None = None) -> tuple[Pool, list[str]]:
            evaluator = Stopping(problem, workbench, executor, MemoryCache())
            evaluator.last, evaluator.asked = last, []
            told: list[int] = []
            try:
                return make_pool(
                    problem, lambda: evaluator, known, DESIGNS, 1, 0, folder, lambda done, _: told.append(done)
                ), evaluator.asked
            finally:
                assert told == [DESIGNS * (names(problem).index(corner) + 1) for corner in evaluator.asked]

        whole, asked = made(tmp_path / "whole")
        assert asked == names(problem)
        with pytest.raises(KeyboardInterrupt):
            made(tmp_path / "stopped", last=2)
        (parts,) = (tmp_path / "stopped").iterdir()
        assert sorted(part.name for part in parts.iterdir()) == ["0.npz", "1.npz"]
        # a part that the machine tore as it went down is none
        (parts / "0.npz").write_bytes((parts / "0.npz").read_bytes()[:200])
        found, asked = made(tmp_path / "stopped")
        assert asked == [names(problem)[0], names(problem)[2]]
        again, asked = made(tmp_path / "stopped")
        assert not asked
    for pool in (found, again):
        assert pool.devices == whole.devices
        for key in ("sizes", "values", "failed", "points"):
            # the last digits hang on what a simulator simulated before
            assert np.allclose(getattr(pool, key), getattr(whole, key), rtol=1e-4, atol=0, equal_nan=True), key
    assert np.array_equal(found.values, again.values, equal_nan=True)
    (file,) = (tmp_path / "stopped").iterdir()
    assert file.name == next((tmp_path / "whole").iterdir()).name


def names(problem: Problem) -> list[str]:
    return [corner.name for corner in problem.corners]
