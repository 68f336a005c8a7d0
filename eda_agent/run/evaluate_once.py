"""One evaluation outside a run: an evaluator is opened, one design is measured, the evaluator is closed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from eda_agent.problem.spec import Problem
from eda_agent.record.events import monte_carlo_data
from eda_agent.run.trust import check_trust
from eda_agent.simulation.cache import Cache, NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluation, Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.executors import open_pool
from eda_agent.simulation.montecarlo import monte_carlo
from eda_agent.simulation.soundness import Soundness, judge
from eda_agent.simulation.workbench import Workbench


@contextlib.contextmanager
def open_evaluator(
    problem: Problem,
    *,
    workers: int | None = None,
    cache: bool = True,
    pool: Executor | None = None,
    cluster: str | None = None,
) -> Iterator[Evaluator]:
    """An evaluator with its worker processes and cache, closed on leaving the context."""
    folder = cache_folder()
    pool = pool or open_pool(workers, cluster)
    store = Cache(folder / "results.sqlite") if cache else NoCache()
    try:
        evaluator = Evaluator(problem, Workbench(problem, folder / "models"), pool, store)
        if pool.version:
            # the version was read while the workers started and the decks were made
            check_trust(problem, pool.sandbox)
        yield evaluator
    finally:
        pool.close()
        store.close()


def measure_once(problem: Problem) -> dict[str, float | None]:
    """Spec name → value of the netlist's own sizes in the first corner; None if there is no value or only a bound."""
    problem = replace(problem, corners=problem.corners[:1])
    with open_evaluator(problem) as evaluator:
        return _known(evaluator.evaluate([problem.space.initial])[0], problem.corners[0].name)


def try_out(problem: Problem) -> tuple[dict[str, float | None], Soundness]:
    """(values as in `measure_once`, whether the testbenches test)."""
    problem = replace(problem, corners=problem.corners[:1])
    with open_evaluator(problem) as evaluator:
        found = judge(evaluator)
        evaluation = evaluator.evaluate([problem.space.initial])[0]
    return _known(evaluation, problem.corners[0].name), found


def _known(evaluation: Evaluation, corner: str) -> dict[str, float | None]:
    return {
        spec: None if (corner, spec) in evaluation.bounds else value
        for spec, value in evaluation.values[corner].items()
    }


def simulate_for_report(
    problem: Problem, sizing: Mapping[str, float], samples: int, seed: int
) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, Any] | None]:
    """(waveforms of every testbench and corner, Monte Carlo as data or None without samples) of one design."""
    with open_evaluator(problem) as evaluator:
        legal = problem.space.snap(sizing)
        waves = {
            place: reply["waveforms"] for place, reply in evaluator.waveforms(legal).items() if "waveforms" in reply
        }
        return waves, monte_carlo_data(monte_carlo(evaluator, legal, samples, seed)) if samples else None
