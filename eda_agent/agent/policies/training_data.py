"""Training data of the model-based optimisers: positions, and the signed margin of every spec in its worst corner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.history import History
from eda_agent.agent.score import margin
from eda_agent.agent.turn import Turn

Real = NDArray[np.float64]

MAX_TURNS = 400
"""Number of turns to which a model is fitted: its cost grows with their cube, and the search needs the best and the
latest turns.
"""
CLIP = (-1.0, 0.5)
"""Margins are clipped here: how far a spec is missed beyond its worst value, or exceeded, does not help the model."""


def training_data(history: History) -> tuple[Real, Real]:
    """(positions, margins): n×d in [0, 1] and n×k, of the simulated turns, failures at the worst margin; at most
    `MAX_TURNS`.

    If corners were skipped, the margin is that of the first corner plus the median cost of the other corners in turns
    that simulated all of them. Otherwise rejected designs would look better than completed ones.
    """
    space, specs = history.problem.space, history.problem.specs
    corners = [corner.name for corner in history.problem.corners]
    sizings, margins, partial = [], [], []
    differences = []
    for turn in fitted_turns(history):
        assert turn.sizing is not None and turn.score is not None and turn.evaluation is not None
        sizings.append(turn.sizing)
        whole = len(turn.evaluation.values) == len(corners)
        if turn.evaluation.failures:
            margins.append([CLIP[0]] * len(specs))
            partial.append(False)
            continue
        row = [min(max(result.margin, CLIP[0]), CLIP[1]) for result in turn.score.results]
        margins.append(row)
        partial.append(not whole)
        if whole and len(corners) > 1:
            first, bounds = turn.evaluation.values[corners[0]], turn.evaluation.bounds
            alone = [
                min(max(margin(spec, first[spec.name], bounds.get((corners[0], spec.name), "")), CLIP[0]), CLIP[1])
                if spec.name in first
                else row[k]
                for k, spec in enumerate(specs)
            ]
            differences.append([worst - nominal for worst, nominal in zip(row, alone, strict=True)])
    result = np.asarray(margins, dtype=np.float64)
    if differences and any(partial):
        result[np.asarray(partial)] = np.clip(result[np.asarray(partial)] + np.median(differences, axis=0), *CLIP)
    return space.to_units(sizings), result


def measured(history: History) -> NDArray[np.bool_]:
    """Whether each spec (k) was measured in its worst corner, in the turns (n) of `training_data`."""
    return np.array(
        [
            [
                turn.evaluation is not None and not turn.evaluation.failures and result.value is not None
                for result in turn.score.results
            ]
            for turn in fitted_turns(history)
            if turn.score is not None
        ]
    )


def fitted_turns(history: History) -> Sequence[Turn]:
    """All turns, or in a long run the best and the latest ones, in their order."""
    places = history.measured
    if len(places) > MAX_TURNS:
        best = history.ranked(places[: -MAX_TURNS // 2])[: MAX_TURNS // 2]
        places = [*sorted(best), *places[-MAX_TURNS // 2 :]]
    return [history.turns[place] for place in places]


def weights(history: History) -> Real:
    """The specs' weights, summing to 1."""
    values = np.asarray([spec.weight for spec in history.problem.specs], dtype=np.float64)
    return np.asarray(values / values.sum())
