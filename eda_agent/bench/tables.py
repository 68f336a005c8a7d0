"""Tables of a bench: shares solved and best scores with their intervals, as Markdown and as curves."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.bench.specs_met import specs_met

MARKS = (1, 5, 10, 20, 30, 50, 100, 200)
"""Numbers of simulations at which results are shown."""
_DIGITS = 12
"""Digits of an interval's ends: the order of additions changes further digits, which would decide how a half is
rounded.
"""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def score_at(row: Mapping[str, Any], simulations: int) -> float:
    """The best score after so many simulations; a finished run keeps its last."""
    curve = row["curve"]
    return float(curve[min(simulations, len(curve) - 1)]) if curve else 0.0


def solved_at(row: Mapping[str, Any], simulations: int) -> bool:
    return row["met_at"] is not None and row["met_at"] <= simulations


def estimate(
    rows: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float], draws: int = 1000
) -> Estimate:
    """Mean over targets, and percentile bootstrap over targets and seeds, drawn separately (Owen, "The pigeonhole
    bootstrap", 2007).

    Runs of one target are correlated, and so are runs of one seed: a policy explores with the same designs for every
    target of a circuit. Without such correlation this counts the chance between runs three times, so the interval is
    rather too wide than too narrow. A run has a `circuit`, a `target` and a `seed`; a target without a run of the drawn
    seeds counts with its mean in that draw.
    """
    cells: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        cells.setdefault(f"{row['circuit']}/{row['target']}", {}).setdefault(int(row["seed"]), []).append(
            float(value(row))
        )
    if not cells:
        return Estimate(math.nan, math.nan, math.nan)
    # in a fixed order, so that the same runs give the same interval in any order of storage
    seeds = sorted({seed for runs in cells.values() for seed in runs})
    held = [[cells[name].get(seed, []) for seed in seeds] for name in sorted(cells)]
    sums = np.array([[math.fsum(runs) for runs in row] for row in held])
    counts = np.array([[float(len(runs)) for runs in row] for row in held])
    of_targets, of_seeds = _drawn(len(held), len(seeds), draws)
    had = of_seeds @ counts.T
    # leaving them out would bias one end of the interval towards circuits with more seeds, and the others may be the
    # hard ones
    means = np.divide(of_seeds @ sums.T, had, out=np.tile(sums.sum(1) / counts.sum(1), (draws, 1)), where=had > 0)
    drawn = np.sort((of_targets * means).sum(1) / len(held)).round(_DIGITS)
    mean = math.fsum(sums.sum(1) / counts.sum(1)) / len(held)
    return Estimate(mean, float(drawn[int(0.025 * len(drawn))]), float(drawn[max(int(0.975 * len(drawn)) - 1, 0)]))


@lru_cache(maxsize=16)
def _drawn(targets: int, seeds: int, draws: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each target and each seed is in each draw: (draws, targets), (draws, seeds)."""
    # Python's own generator: its numbers stay the same from version to version
    rng = random.Random(0)
    drawn = [(rng.choices(range(targets), k=targets), rng.choices(range(seeds), k=seeds)) for _ in range(draws)]
    return (
        np.array([np.bincount(chosen, minlength=targets) for chosen, _ in drawn], float),
        np.array([np.bincount(chosen, minlength=seeds) for _, chosen in drawn], float),
    )


def policies_in(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row["policy"]) for row in rows))


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Tables: share solved and mean best score at each number of simulations, by policy; then the best scores by
    circuit.
    """
    if not rows:
        return "no results\n"
    budget = max(int(row["budget"]) for row in rows)
    marks = [mark for mark in MARKS if mark <= budget]
    lines = []
    for title, value, text in (
        ("Solved, % of runs (95 % interval)", solved_at, percent),
        ("Mean best score (95 % interval)", score_at, _score),
    ):
        lines += [
            f"**{title}** after so many simulations",
            "",
            f"| policy | {' | '.join(map(str, marks))} | s per run |",
            "| --- |" + " --- |" * (len(marks) + 1),
        ]
        for policy in policies_in(rows):
            mine = [row for row in rows if row["policy"] == policy]
            cells = [text(estimate(mine, partial(value_at, value, mark))) for mark in marks]
            seconds = math.fsum(float(row["seconds"]) for row in mine) / len(mine)
            lines.append(f"| `{policy}` | {' | '.join(cells)} | {seconds:.1f} |")
        lines.append("")
    policies = policies_in(rows)
    lines += [
        f"**By circuit**: share solved / mean best score after {budget} simulations",
        "",
        f"| circuit | {' | '.join(f'`{policy}`' for policy in policies)} |",
        "| --- |" + " --- |" * len(policies),
    ]
    for circuit in dict.fromkeys(str(row["circuit"]) for row in rows):
        cells = []
        for policy in policies:
            mine = [row for row in rows if row["policy"] == policy and row["circuit"] == circuit]
            if not mine:
                cells.append("–")
                continue
            solved = sum(solved_at(row, budget) for row in mine) / len(mine)
            cells.append(f"{share(solved)} % / {grade(math.fsum(score_at(row, budget) for row in mine) / len(mine))}")
        lines.append(f"| {circuit} | {' | '.join(cells)} |")
    return "\n".join([*lines, *specs_met(rows, policies)]) + "\n"


def value_at(value: Callable[[Mapping[str, Any], int], float], mark: int, row: Mapping[str, Any]) -> float:
    return float(value(row, mark))


def share(value: float) -> str:
    """In percent; a share below 1 is never rounded to 100."""
    text = f"{100 * value:.0f}"
    return "99" if text == "100" and value < 1 else text


def grade(value: float) -> str:
    """A score; one below 1 is never rounded to 1."""
    text = f"{value:.4f}"
    return "0.9999" if text == "1.0000" and value < 1 - 1e-12 else text


def percent(found: Estimate) -> str:
    return f"{share(found.mean)} ({share(found.low)}–{share(found.high)})"


def _score(found: Estimate) -> str:
    return f"{grade(found.mean)} ({grade(found.low)}–{grade(found.high)})"


def curves(
    rows: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any], int], float] = score_at
) -> dict[str, list[float]]:
    """Policy → mean over targets of `value`, by default the best score, after 0, 1, 2 … simulations."""
    budget = max(int(row["budget"]) for row in rows)
    result = {}
    for policy in policies_in(rows):
        of_target: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in rows:
            if row["policy"] == policy:
                of_target.setdefault((row["circuit"], row["target"]), []).append(row)
        result[policy] = [
            math.fsum(math.fsum(value(row, count) for row in runs) / len(runs) for runs in of_target.values())
            / len(of_target)
            for count in range(budget + 1)
        ]
    return result
