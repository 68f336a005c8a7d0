"""Ctrl-C during Monte Carlo keeps the samples that are complete, however many were asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eda_agent.problem.spec import Problem
from eda_agent.simulation import montecarlo
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench


def test_the_first_results_come_before_the_last_models_are_drawn_and_an_interrupt_keeps_them(
    problems: dict[str, Problem], own_cache: Path, pool: LocalPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = replace(problems["ota_5t"], corners=problems["ota_5t"].corners[:1])
    evaluator = Evaluator(problem, Workbench(problem, own_cache / "models"), pool, NoCache())
    whole = montecarlo.monte_carlo(evaluator, problem.space.initial, 6, seed=3)
    monkeypatch.setattr(montecarlo, "BATCH", 4)
    batches = montecarlo.monte_carlo(evaluator, problem.space.initial, 6, seed=3)
    assert batches.values == whole.values and batches.bounds == whole.bounds

    drawn: list[int] = []
    chip = montecarlo._chip
    monkeypatch.setattr(montecarlo, "_chip", lambda *given: (drawn.append(given[3]), chip(*given))[1])
    decks = len({spec.testbench for spec in problem.specs if spec.testbench})

    def interrupt(finished: int) -> None:
        if finished > 5 * decks:
            raise KeyboardInterrupt

    found = montecarlo.monte_carlo(evaluator, problem.space.initial, 100_000, seed=3, done=interrupt)
    # the second batch was on its way
    assert drawn == list(range(8)) and 4 <= found.total.samples < 8 and found.wanted == 100_000
    kept = found.values["input_offset"][:4]
    assert list(kept) == list(whole.values["input_offset"][:4])


def test_an_interrupt_before_the_first_sample_is_one(
    problems: dict[str, Problem], own_cache: Path, pool: LocalPool
) -> None:
    problem = replace(problems["ota_5t"], corners=problems["ota_5t"].corners[:1])
    evaluator = Evaluator(problem, Workbench(problem, own_cache / "models"), pool, NoCache())

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        montecarlo.monte_carlo(evaluator, problem.space.initial, 50, done=interrupt)
