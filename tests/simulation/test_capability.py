"""A Monte Carlo run: distance to the limit in sigmas, and what an interrupted one keeps."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.montecarlo import MonteCarlo, monte_carlo
from eda_agent.simulation.workbench import Workbench


def test_sigmas_are_those_of_the_samples(problems: dict[str, Problem]) -> None:
    spec = replace(problems["ota_5t"].specs[0], minimum=50.0, maximum=None)
    values = list(np.random.default_rng(0).normal(53.0, 1.0, 4000))
    result = MonteCarlo((spec,), {spec.name: values}, {spec.name: [""] * len(values)}, ("nominal",), 0)
    assert result.sigmas(spec) == pytest.approx((np.mean(values) - 50) / np.std(values, ddof=1))
    both = replace(spec, maximum=54.0)
    assert result.sigmas(both) == pytest.approx((54 - np.mean(values)) / np.std(values, ddof=1))
    assert result.sigmas(replace(spec, minimum=60.0)) < 0
    alike = MonteCarlo((spec,), {spec.name: [53.0] * 9}, {spec.name: [""] * 9}, ("nominal",), 0)
    assert math.isnan(alike.sigmas(spec))


def test_an_interrupted_run_keeps_its_complete_samples(
    problems: dict[str, Problem], own_cache: Path, pool: LocalPool
) -> None:
    problem = replace(problems["ota_5t"], corners=problems["ota_5t"].corners[:1])
    evaluator = Evaluator(problem, Workbench(problem, own_cache / "models"), pool, NoCache())
    whole = monte_carlo(evaluator, problem.space.initial, 3, seed=3)

    def stop(number: int) -> None:
        if number == 2 * len(evaluator.workbench.decks) + 1:
            raise KeyboardInterrupt

    part = monte_carlo(evaluator, problem.space.initial, 200, seed=3, done=stop)
    assert 1 <= part.total.samples < 200 and part.wanted == 200
    assert part.values["input_offset"][0] in whole.values["input_offset"]

    def at_once(number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        monte_carlo(evaluator, problem.space.initial, 3, seed=3, done=at_once)
