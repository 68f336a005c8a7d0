"""One evaluation outside a run: an evaluator is opened, one design is measured, the evaluator is closed."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eda_agent.problem.spec import Problem
from eda_agent.record.events import monte_carlo_data, plain
from eda_agent.run.trust import check_trust
from eda_agent.simulation.cache import Cache, NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.executors import open_pool
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.montecarlo import monte_carlo
from eda_agent.simulation.operating_point import operating_point
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
    keep_points: bool = False,
) -> Iterator[Evaluator]:
    """An evaluator with its worker processes and cache, closed on leaving the context. `keep_points`: read operating
    points in every corner.
    """
    folder = cache_folder()
    pool = pool or open_pool(workers, cluster)
    store = Cache(folder / "results.sqlite") if cache else NoCache()
    try:
        evaluator = Evaluator(problem, Workbench(problem, folder / "models"), pool, store, keep_points=keep_points)
        if pool.version:
            # the version was read while the workers started and the decks were made
            check_trust(problem, pool.sandbox)
        yield evaluator
    finally:
        pool.close()
        store.close()


TRIAL_SECONDS = 40.0
"""Of the search for sizings that work, while a draft is tried."""


def spent_seconds() -> float:
    """Processor time (s) of this process and of the workers that it has closed: other work on the machine counts for
    nothing.
    """
    closed = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + closed.ru_utime + closed.ru_stime


def within(problem: Problem, seconds: float) -> Problem:
    """The problem with no simulation longer than this (s), and none shorter than a third of what its budget allows."""
    allowed = problem.budget.timeout
    return replace(problem, budget=replace(problem.budget, timeout=min(allowed, max(seconds, allowed / 3))))


def measure_once(problem: Problem, seconds: float = TRIAL_SECONDS) -> dict[str, float | None]:
    """Spec name → value of the netlist's own sizes in the first corner; None if there is no value or only a bound.

    `seconds`: left for it.
    """
    problem = within(replace(problem, corners=problem.corners[:1]), seconds)
    with open_evaluator(problem) as evaluator:
        return _known(evaluator.evaluate([problem.space.initial])[0], problem.corners[0].name)


def try_out(
    problem: Problem, seconds: float = TRIAL_SECONDS
) -> tuple[dict[str, dict[str, float | None]], Soundness, dict[str, Failure]]:
    """(corner → values as in `measure_once`, whether the testbenches test in the first corner, testbench → why it
    failed there). `seconds`: left for it.
    """
    problem = within(problem, seconds)
    with open_evaluator(problem) as evaluator:
        one = len(problem.corners) == 1
        nominal = evaluator if one else evaluator.for_problem(replace(problem, corners=problem.corners[:1]))
        found = judge(nominal, max(seconds, 0.0))
        evaluation = evaluator.evaluate([problem.space.initial])[0]
    failed = {bench: failure for bench, corner, failure in evaluation.failures if corner == problem.corners[0].name}
    return {corner.name: _known(evaluation, corner.name) for corner in problem.corners}, found, failed


def _known(evaluation: Evaluation, corner: str) -> dict[str, float | None]:
    return {
        spec: None if (corner, spec) in evaluation.bounds else value
        for spec, value in evaluation.values[corner].items()
    }


@dataclass(frozen=True)
class ReportSimulation:
    """What a report shows of a design beside its journal.

    Attributes:
        waveforms: (testbench, corner) → kind → {axis, probes}; a failed simulation has none.
        points: corner → device → operating point as data.
        points_bench: the testbench of the operating points.
        monte_carlo: as data, None without samples.
    """

    waveforms: dict[tuple[str, str], dict[str, Any]]
    points: dict[str, dict[str, dict[str, Any]]]
    points_bench: str
    monte_carlo: dict[str, Any] | None


def simulate_for_report(
    problem: Problem, sizing: Mapping[str, float], samples: int, seed: int, corners: Sequence[str] | None = None
) -> ReportSimulation:
    """Simulate one design in every testbench and corner, and `samples` Monte Carlo samples of it in `corners` (by
    default the first one).
    """
    with open_evaluator(problem, keep_points=True) as evaluator:
        legal = problem.space.snap(sizing)
        replies = evaluator.waveforms(legal)
        waves = {place: reply["waveforms"] for place, reply in replies.items() if "waveforms" in reply}
        points: dict[str, dict[str, dict[str, Any]]] = {}
        biased = ""
        for (bench, corner), reply in replies.items():
            found = {name: plain(operating_point(row).data()) for name, row in reply.get("operating_point", {}).items()}
            if found:
                points.setdefault(corner, found)
                biased = biased or bench
        chips = monte_carlo_data(monte_carlo(evaluator, legal, samples, seed, corners)) if samples else None
        return ReportSimulation(waves, points, biased, chips)
