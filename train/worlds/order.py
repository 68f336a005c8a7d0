"""The order test compares the arms of a study, seed by seed: each seed's arms begin with the same policy and are
measured in the same worlds.

A difference has a 95 % interval of Student's t over the seeds. Page's test (Journal of the American Statistical
Association 58, 1963) tests an order of several arms against no difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from eda_agent.agent.universal.graph import Real

CLAIMED = ("tl_grpo", "grpo", "single_turn_grpo")
"""The claimed order, the best first."""
PRIMARY = 10
"""The turn at which the regret is compared."""
SAME = 0.02
"""Differences of the regret (decades) inside ± this are equal for practical purposes."""
NAMES = {
    "search": "the search", "start": "imitation of the search", "tl_grpo": "TL-GRPO", "grpo": "trajectory-level GRPO",
    "single_turn_grpo": "single-turn GRPO", "best_of_group": "best-of-G imitation",
    "supervised": "supervised continuation",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A mean difference over seeds with its 95 % interval."""

    mean: float
    low: float
    high: float


def difference(first: Real, second: Real) -> Difference:
    """first − second over paired seeds (n)."""
    from scipy.stats import t

    paired = first - second
    half = float(t.ppf(0.975, len(paired) - 1)) * float(paired.std(ddof=1)) / math.sqrt(len(paired))
    return Difference(float(paired.mean()), float(paired.mean()) - half, float(paired.mean()) + half)


def verdict(steps: Sequence[Difference]) -> str:
    """What the differences of neighbours in the claimed order say; a smaller regret is better."""
    if all(one.high < 0 for one in steps):
        return "shown"
    if any(one.low > 0 for one in steps):
        return "refuted: the reverse order of two neighbours is shown"
    if all(one.low > -SAME and one.high < SAME for one in steps):
        return "refuted: the neighbours are equal for practical purposes"
    return "not shown: an interval contains zero"


def columns(found: Mapping[str, Any], arm: str, what: str, at: int) -> Real:
    """The values of an arm, in the order of the seeds."""
    place = list(found["at"]).index(at)
    return np.array([run[what][place] for run in sorted(found["runs"], key=_seed) if run["arm"] == arm])


def _seed(run: Mapping[str, Any]) -> int:
    return int(run["seed"])


def page(found: Mapping[str, Any]) -> float:
    """The p value of Page's test of the claimed order."""
    from scipy.stats import page_trend_test

    table = np.stack([columns(found, arm, "regret", PRIMARY) for arm in CLAIMED], 1)
    return float(page_trend_test(table, predicted_ranks=[1, 2, 3], method="exact").pvalue)


def report(found: Mapping[str, Any]) -> str:
    """The tables in Markdown, and what they say about the claim."""
    present = [arm for arm in NAMES if any(run["arm"] == arm for run in found["runs"])]
    turns = list(found["at"])
    head = " | ".join(f"{turn}" for turn in turns)
    lines = [f"| policy | {head} | regret at {PRIMARY} | against the search at {PRIMARY} |"]
    lines.append("| --- |" + " --- |" * (len(turns) + 2))
    search = columns(found, "search", "regret", PRIMARY)
    for arm in present:
        solved = " | ".join(f"{100 * columns(found, arm, 'solved', turn).mean():.1f}" for turn in turns)
        regret = columns(found, arm, "regret", PRIMARY)
        against = "–" if arm == "search" else _said(difference(regret, search))
        lines.append(f"| {NAMES[arm]} | {solved} | {regret.mean():.3f} | {against} |")
    pairs = [(CLAIMED[0], CLAIMED[1]), (CLAIMED[1], CLAIMED[2]), (CLAIMED[0], CLAIMED[2])]
    pairs += [(CLAIMED[0], arm) for arm in ("best_of_group", "supervised", "search")]
    others = [turn for turn in turns if turn != PRIMARY]
    said = " | ".join(f"at {turn}" for turn in (PRIMARY, *others))
    lines += ["", f"| difference of the regret | {said} |", "| --- |" + " --- |" * len(turns)]
    for one, other in pairs:
        each = [
            _said(difference(columns(found, one, "regret", turn), columns(found, other, "regret", turn)))
            for turn in (PRIMARY, *others)
        ]
        lines.append(f"| {NAMES[one]} − {NAMES[other]} | " + " | ".join(each) + " |")
    values = [columns(found, arm, "regret", PRIMARY) for arm in CLAIMED]
    steps = [difference(one, other) for one, other in pairwise(values)]
    lines += ["", f"The claimed order is {verdict(steps)}. Page's test: p = {page(found):.2g}.", ""]
    return "\n".join(lines)


def _said(one: Difference) -> str:
    return f"{one.mean:+.3f} ({one.low:+.3f} … {one.high:+.3f})"
