"""Robust sizing asks for more than the spec until the chips of a Monte Carlo run meet it: guard bands, widened round by round.

After each sizing every spec's standard deviation σ over the chips is measured, and its target moved by k·σ for the next, with k chosen so
that a spec alone would reach the wanted yield (normal quantile). The result is the design with the most passing chips of all rounds; the
chips are the same in every round. The targets that a round sizes for are tighter than the user's, and say so (`Spec.asked`); the result and its
chips are graded by the user's own.

A yield is reached when the lower end of its 95 % interval is: of a hundred chips that all pass, 96.4 % is what is known. `least_samples` chips are
the fewest that can show a yield.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from scipy.special import ndtri

from eda_agent.agent.control import Control
from eda_agent.agent.turn import rescore
from eda_agent.errors import InputError
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem, Spec, as_asked
from eda_agent.record.event import Event
from eda_agent.record.events import monte_carlo_data
from eda_agent.run import Outcome, Request, open_evaluator, size, with_corners
from eda_agent.simulation.montecarlo import MonteCarlo, Yield, monte_carlo

ROUNDS = 4
FEWEST = 100
"""Chips, where the user names no number and fewer would do."""


def least_samples(wanted: float) -> int:
    """The fewest chips of which, when all of them pass, the interval's lower end, 0.025^(1/n) (Clopper–Pearson), reaches `wanted`."""
    count = max(1, math.floor(math.log(0.025) / math.log(wanted)) - 1)
    while Yield(count, count).interval[0] < wanted:
        count += 1
    return count


@dataclass(frozen=True)
class Robust:
    """The chosen round's `outcome` and chips, by the user's targets; `rounds`: (score of the sizing by the round's targets, passing chips) of each."""

    outcome: Outcome
    chips: MonteCarlo
    rounds: tuple[tuple[float, int], ...]

    def reached(self, wanted: float) -> bool:
        """Whether the chips show the yield: by the lower end of its interval."""
        return self.chips.total.interval[0] >= wanted


def size_robust(
    request: Request,
    wanted: float,
    samples: int | None,
    listen: Callable[[Event], None] = lambda event: None,
    control: Control | None = None,
) -> Robust:
    """Size until `samples` chips (None: as many as that takes, at least `FEWEST`) show that the share `wanted` passes, at most `ROUNDS` times.

    The folder holds a run a round. Raises `InputError` where so few chips cannot show it.
    """
    least = least_samples(wanted)
    if samples is not None and samples < least:
        most = Yield(samples, samples).interval[0]
        raise InputError(
            f"--samples {samples}: even if every chip passes, that shows a yield of {100 * most:.1f} % (the lower end of its 95 % interval)"
            f"\n    → --samples {least} or more for {100 * wanted:g} %, or leave it out"
        )
    samples = samples or max(least, FEWEST)
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
        wished = replace(problem, specs=as_asked(outcome.problem.specs))
        with open_evaluator(wished, workers=request.workers, cluster=request.cluster) as evaluator:
            chips = monte_carlo(evaluator, outcome.best.sizing, samples, request.chosen_seed)
        write_text(folder / "montecarlo.json", json.dumps(monte_carlo_data(chips)) + "\n")
        rounds.append((outcome.best.value, chips.total.passed))
        if best is None or chips.total.passed > best.chips.total.passed:
            best = Robust(_by_the_users_targets(outcome, wished), chips, ())
        if chips.total.interval[0] >= wanted or outcome.stop == "user":
            break
        guard = _wider(guard, chips, wanted)
        start = dict(outcome.best.sizing)
    assert best is not None
    return replace(best, rounds=tuple(rounds))


def _by_the_users_targets(outcome: Outcome, wished: Problem) -> Outcome:
    """An outcome as it counts for what the user asked, whatever the round was sized for."""
    verified = {**outcome.verified, "met": outcome.verified["asked_met"]} if "asked_met" in outcome.verified else outcome.verified
    return replace(outcome, problem=replace(outcome.problem, specs=wished.specs), best=rescore(wished, outcome.best), verified=verified)


def _wider(guard: dict[str, float], chips: MonteCarlo, wanted: float) -> dict[str, float]:
    """Guard bands for the next round: k·σ where chips fail, never smaller than before."""
    # each spec must do better than all together
    factor = float(ndtri(min(1 - (1 - wanted) / len(chips.specs), 0.99999)))
    result = {**guard}
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
    if not band:
        return spec
    low = spec.minimum + band if spec.minimum is not None else None
    high = spec.maximum - band if spec.maximum is not None else None
    if high is not None and spec.metric.ramp == "log" and high <= 0:
        high = spec.maximum / 2 if spec.maximum is not None else None  # a band wider than the bound itself asks for what cannot be
    if low is not None and high is not None and low > high:
        low = high = (low + high) / 2
    return replace(spec, minimum=low, maximum=high, worst=None, asked=(spec.minimum, spec.maximum))
