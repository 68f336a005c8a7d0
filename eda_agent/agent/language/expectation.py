"""An expectation is what a model thinks will come of a proposal: for every spec a distribution over the bins of its signed margin.

A model is asked for it behind its own answer. Among several answers the one with the largest expected gain in score is worth simulating.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language import words
from eda_agent.agent.turn import Turn
from eda_agent.problem.spec import Spec

Real = NDArray[np.floating]

BINS = len(words.MARGINS) + 1
FAILED, UNMEASURABLE = BINS, BINS + 1
COUNT = BINS + 2
DRAWS = 128
MET_BONUS = 0.05
"""Meeting every spec counts for at least so much, however little is missing: that is what is asked for."""

_edges = (-1.2, *words.MARGINS, 2.0)
CENTRES = np.array([(low + high) / 2 for low, high in itertools.pairwise(_edges)] + [-1.0, -1.0])
"""Margin that a bin stands for."""


def margin_bin(turn: Turn, index: int) -> int:
    """The bin of what a turn measured for spec number `index`."""
    assert turn.score is not None and turn.evaluation is not None
    if turn.evaluation.failures:
        return FAILED
    result = turn.score.results[index]
    return UNMEASURABLE if result.value is None else words.binned(result.margin, words.MARGINS)


def legal() -> NDArray[np.bool_]:
    """(LEVELS) what may be answered."""
    return np.arange(words.LEVELS) < COUNT


def expected_gain(probabilities: Real, specs: Sequence[Spec], best: float, merit: float, seed: int = 0) -> float:
    """Expected gain of one proposal over the best score until now, from outcome probabilities (specs × at least COUNT), the specs in their order.

    By Monte Carlo, specs independent of one another but for failures, which are those of the whole simulation. Where the best meets every
    spec, the gain is that of `merit`, the objectives' surplus, among outcomes that meet everything as well.
    """
    rows = np.asarray(probabilities[:, :COUNT], dtype=np.float64)
    fails = float(rows[:, FAILED].mean())
    rows = rows[:, [*range(BINS), UNMEASURABLE]] + 1e-12
    cumulative = np.cumsum(rows / rows.sum(1, keepdims=True), axis=1)
    draws = np.random.default_rng(seed).random((DRAWS, len(rows)))
    chosen = (draws[:, :, None] > cumulative[None]).sum(-1)
    margins = np.append(CENTRES[:BINS], -1.0)[np.minimum(chosen, BINS)]
    weights = np.array([spec.weight for spec in specs])
    weights = weights / weights.sum()
    met = (margins >= 0).all(1)
    if best < 1:
        score = np.clip(1 + margins, 0.0, 1.0) @ weights
        gain = np.where(met, max(1 - best, MET_BONUS), np.clip(score - best, 0.0, None))
    else:
        objective = np.array([spec.objective is not None for spec in specs])
        gain = np.where(met, np.clip((margins * objective) @ weights - merit, 0.0, None), 0.0)
    return float((1 - fails) * gain.mean())
