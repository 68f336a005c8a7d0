"""What the model-based optimisers learn from: positions and the signed margin of every spec, in its worst corner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.turn import History

Real = NDArray[np.float64]

CLIP = (-1.0, 0.5)
"""Margins are cut here: how badly a spec is missed beyond its worst value, or how much is to spare, teaches nothing."""


def knowledge(history: History) -> tuple[Real, Real]:
    """(positions, margins): n×d in [0, 1] and n×k, of every turn that was simulated, failures at the worst margin."""
    space, specs = history.problem.space, history.problem.specs
    positions, margins = [], []
    for turn in history.simulated:
        assert turn.sizing is not None and turn.score is not None and turn.evaluation is not None
        positions.append(space.to_unit(turn.sizing))
        if turn.evaluation.failures:
            margins.append([CLIP[0]] * len(specs))
        else:
            margins.append([min(max(result.margin, CLIP[0]), CLIP[1]) for result in turn.score.results])
    return np.asarray(positions, dtype=np.float64), np.asarray(margins, dtype=np.float64)


def weights(history: History) -> Real:
    """The specs' weights, summing to 1."""
    values = np.asarray([spec.weight for spec in history.problem.specs], dtype=np.float64)
    return np.asarray(values / values.sum())
