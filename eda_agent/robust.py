"""Robust sizing asks for more than the spec until the chips of a Monte Carlo run meet it: guard bands, widened round by round.

After each sizing every spec's standard deviation σ over the chips is measured, and its target moved by k·σ for the next, with k chosen so
that a spec alone would reach the wanted yield (normal quantile). The result is the design with the most passing chips of all rounds; the
chips are the same in every round.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from scipy.special import ndtri

from eda_agent.agent.control import Control
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem, Spec
from eda_agent.record.event import Event
from eda_agent.record.events import monte_carlo_data
from eda_agent.run import Outcome, Request, open_evaluator, size, with_corners
from eda_agent.simulation.montecarlo import MonteCarlo, monte_carlo

ROUNDS = 4


@dataclass(frozen=True)
class Robust:
    """The chosen round's `outcome` and chips; `rounds`: (score of the sizing, passing chips) of each."""

    outcome: Outcome
    chips: MonteCarlo
    rounds: tuple[tuple[float, int], ...]


def size_robust(
    request: Request, wanted: float, samples: int, listen: Callable[[Event], None] = lambda event: None, control: Control | None = None
) -> Robust:
    """Size until at least the share `wanted` of `samples` chips passes, at most `ROUNDS` times. The folder holds a run a round."""
    problem = with_corners(load_problem(request.spec), request.corners)
    base = request.out or Path("runs") / f"{problem.name}-robust"
    guard = {spec.name: 0.0 for spec in problem.specs}
    start: dict[str, float] | None = None
    best: Robust | None = None
    rounds: list[tuple[float, int]] = []
    for number in range(ROUNDS):
        asked = _guarded(problem, guard, start)
        folder = base / f"round{number}"
        resume = (folder / "journal.jsonl").exists()
        outcome = size(replace(request, out=folder, resume=resume), listen, control, problem=asked)
        assert outcome.best.sizing is not None
        with open_evaluator(problem, workers=request.workers, cluster=request.cluster) as evaluator:
            chips = monte_carlo(evaluator, outcome.best.sizing, samples, request.chosen_seed)
        write_text(folder / "montecarlo.json", json.dumps(monte_carlo_data(chips)) + "\n")
        rounds.append((outcome.best.value, chips.total.passed))
        if best is None or chips.total.passed > best.chips.total.passed:
            best = Robust(outcome, chips, ())
        if chips.total.share >= wanted or outcome.stop == "user":
            break
        guard = _wider(guard, chips, wanted)
        start = dict(outcome.best.sizing)
    assert best is not None
    return replace(best, rounds=tuple(rounds))


def _wider(guard: dict[str, float], chips: MonteCarlo, wanted: float) -> dict[str, float]:
    """Guard bands for the next round: k·σ where chips fail, never smaller than before."""
    # each spec must do better than all together
    factor = float(ndtri(min(1 - (1 - wanted) / len(chips.specs), 0.99999)))
    result = {}
    for spec in chips.specs:
        _, deviation = chips.spread(spec.name)
        needed = factor * deviation if math.isfinite(deviation) and chips.yield_of(spec).passed < chips.yield_of(spec).samples else 0.0
        result[spec.name] = max(guard[spec.name] * 1.2, needed)
    return result


def _guarded(problem: Problem, guard: dict[str, float], start: dict[str, float] | None) -> Problem:
    """The problem with its bounds moved by the guard bands, beginning at `start`."""
    specs = tuple(_moved(spec, guard[spec.name]) for spec in problem.specs)
    if start is None:
        return replace(problem, specs=specs)
    parameters = tuple(replace(parameter, initial=start[parameter.name]) for parameter in problem.space.parameters)
    return replace(problem, specs=specs, space=replace(problem.space, parameters=parameters))


def _moved(spec: Spec, band: float) -> Spec:
    low = spec.minimum + band if spec.minimum is not None else None
    high = spec.maximum - band if spec.maximum is not None else None
    if high is not None and spec.metric.ramp == "log" and high <= 0:
        high = spec.maximum / 2 if spec.maximum is not None else None  # a band wider than the bound itself asks for what cannot be
    if low is not None and high is not None and low > high:
        low = high = (low + high) / 2
    return replace(spec, minimum=low, maximum=high, worst=None)
