"""An expectation is a model's prediction for a proposal: for every spec a distribution over the bins of its signed
margin.

The question follows the model's own answer. Of several answers the one with the largest expected gain in score is
simulated.
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
"""Minimum bonus for meeting every spec, however small the gain in score."""

_edges = (-1.2, *words.MARGINS, 2.0)
CENTRES = np.array([(low + high) / 2 for low, high in itertools.pairwise(_edges)] + [-1.0, -1.0])
"""The margin that a bin represents."""


def margin_bin(turn: Turn, index: int) -> int:
    """The bin of a turn's margin for spec number `index`."""
    assert turn.score is not None and turn.evaluation is not None
    if turn.evaluation.failures:
        return FAILED
    result = turn.score.results[index]
    return UNMEASURABLE if result.value is None else words.binned(result.margin, words.MARGINS)


def legal() -> NDArray[np.bool_]:
    """(LEVELS) the allowed answers."""
    return np.arange(words.LEVELS) < COUNT


def expected_gain(probabilities: Real, specs: Sequence[Spec], best: float, merit: float, seed: int = 0) -> float:
    """Expected gain of a proposal over the best score so far.

    Args:
        probabilities: (specs × at least COUNT) of the outcomes.
        specs: in the same order.

    Monte Carlo with independent specs; only failures are common to the whole simulation. If the best meets every
    spec, the gain is that of `merit`, the objectives' surplus, among outcomes that also meet everything.
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
