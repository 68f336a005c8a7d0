"""Robust sizing tightens the targets by guard bands, round by round, until the samples of a Monte Carlo run meet the
spec.

After each sizing the standard deviation σ of every spec over the samples is measured, and its target is moved by k·σ
for the next round. k is the normal quantile at which this spec alone reaches the wanted yield. All rounds use the same
samples. The result is the design with the most passing samples. The targets of a round are tighter than the user's
(`Spec.asked`); the result and its samples are graded by the user's targets.

A yield is reached when the lower end of its 95 % interval reaches it: if a hundred samples pass, the yield is at least
96.4 %. `least_samples` is the smallest number of samples that can show a yield.
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
from eda_agent.problem.guard_band import tightened
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem, as_asked
from eda_agent.record.event import Event
from eda_agent.record.events import monte_carlo_data
from eda_agent.run import Outcome, Request, open_evaluator, size, with_corners
from eda_agent.simulation.montecarlo import MonteCarlo, Yield, monte_carlo

ROUNDS = 4
SAMPLES = "montecarlo.json"
"""File of a round's samples."""
RESULT = "robust.json"
"""File beside the rounds: what was wanted, whether it is reached, and by which round."""
FEWEST = 100
"""Minimum number of samples if the user gives none."""


def least_samples(wanted: float) -> int:
    """The smallest n for which the lower end of the interval with n passing samples, 0.025^(1/n) (Clopper–Pearson),
    reaches `wanted`.
    """
    count = max(1, math.floor(math.log(0.025) / math.log(wanted)) - 1)
    while Yield(count, count).interval[0] < wanted:
        count += 1
    return count


def check_samples(wanted: float, samples: int) -> None:
    """Raise `InputError` if so few samples cannot show the share `wanted`."""
    least = least_samples(wanted)
    if samples < least:
        most = Yield(samples, samples).interval[0]
        raise InputError(
            f"--samples {samples}: if every sample passes, this shows a yield of {100 * most:.1f} % (the lower end of"
            f" its 95 % interval)\n    → use --samples {least} or more for {100 * wanted:g} %, or leave it out"
        )


@dataclass(frozen=True)
class Robust:
    """`outcome` and samples of the chosen round, graded by the user's targets; `rounds`: (score by the round's targets,
    passing samples) of each round.
    """

    outcome: Outcome
    chips: MonteCarlo
    rounds: tuple[tuple[float, int], ...]

    def reached(self, wanted: float) -> bool:
        """Whether the lower end of the yield's interval reaches `wanted`."""
        return self.chips.total.interval[0] >= wanted


def size_robust(
    request: Request,
    wanted: float,
    samples: int | None,
    listen: Callable[[Event], None] = lambda event: None,
    control: Control | None = None,
) -> Robust:
    """Size until `samples` samples show that the share `wanted` passes, in at most `ROUNDS` rounds.

    Args:
        samples: None for as many as the yield needs, at least `FEWEST`.

    Raises:
        InputError: the number of samples cannot show the yield.

    The folder holds one run per round, and the result at the end.
    """
    if samples is not None:
        check_samples(wanted, samples)
    samples = samples or max(least_samples(wanted), FEWEST)
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
        write_text(folder / SAMPLES, json.dumps(monte_carlo_data(chips)) + "\n")
        rounds.append((outcome.best.value, chips.total.passed))
        if best is None or chips.total.passed > best.chips.total.passed:
            best = Robust(_by_the_users_targets(outcome, wished), chips, ())
        if chips.total.interval[0] >= wanted or outcome.stop == "user":
            break
        guard = _wider(guard, chips, wanted)
        start = dict(outcome.best.sizing)
    assert best is not None
    reached = best.reached(wanted)
    told = {"wanted": wanted, "reached": reached, "met": best.outcome.met, "best": best.outcome.folder.name}
    write_text(base / RESULT, json.dumps(told) + "\n")
    return replace(best, rounds=tuple(rounds))


def _by_the_users_targets(outcome: Outcome, wished: Problem) -> Outcome:
    """An outcome graded by the user's targets instead of those of the round."""
    verified = (
        {**outcome.verified, "met": outcome.verified["asked_met"]}
        if "asked_met" in outcome.verified
        else outcome.verified
    )
    return replace(
        outcome,
        problem=replace(outcome.problem, specs=wished.specs),
        best=rescore(wished, outcome.best),
        verified=verified,
    )


def _wider(guard: dict[str, float], chips: MonteCarlo, wanted: float) -> dict[str, float]:
    """Guard bands for the next round: k·σ of failing specs, never smaller than before."""
    # each spec must reach more than the wanted total yield
    factor = float(ndtri(min(1 - (1 - wanted) / len(chips.specs), 0.99999)))
    result = {**guard}
    for spec in chips.specs:
        _, deviation = chips.spread(spec.name)
        needed = (
            factor * deviation
            if math.isfinite(deviation) and chips.yield_of(spec).passed < chips.yield_of(spec).samples
            else 0.0
        )
        result[spec.name] = max(guard[spec.name] * 1.2, needed)
    return result


def _guarded(problem: Problem, guard: dict[str, float], start: dict[str, float] | None) -> Problem:
    """The problem with its bounds moved by the guard bands, starting at `start`."""
    specs = tuple(tightened(spec, guard[spec.name], guard[spec.name]) for spec in problem.specs)
    if start is None:
        return replace(problem, specs=specs)
    parameters = tuple(replace(parameter, initial=start[parameter.name]) for parameter in problem.space.parameters)
    return replace(problem, specs=specs, space=replace(problem.space, parameters=parameters))
