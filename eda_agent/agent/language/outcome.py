"""An outcome is what comes of a proposal, told against the best turn before it: failed, so much worse or better, or every spec met.

A model is asked for it behind its own answer. Among several answers the one with the largest expected gain is worth simulating.
"""

from __future__ import annotations

import bisect

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language import words

EDGES = (-0.3, -0.1, -0.03, -0.01, -0.003, 0.0, 0.0005, 0.0015, 0.004, 0.01, 0.03, 0.1, 0.3)
"""Of the change in score; 0 and what rounding makes of it are no gain."""
FAILED, MET = 0, len(EDGES) + 2
COUNT = MET + 1
_FLAT = 1e-9
_GAINS = np.array([*[0.0] * 7, 0.0003, 0.001, 0.0025, 0.006, 0.018, 0.055, 0.17, 0.4], dtype=np.float64)
"""Gain that a bin stands for, without MET: the geometric middle of its edges."""


def outcome(value: float, before: float, *, met: bool, failed: bool) -> int:
    """The bin of a proposal's score, `before` being the best until then."""
    if failed:
        return FAILED
    if met:
        return MET
    return 1 + bisect.bisect_left(EDGES, value - before - _FLAT)


def legal() -> NDArray[np.bool_]:
    """(LEVELS) what may be answered to the expectation."""
    return np.arange(words.LEVELS) < COUNT


def expected_gain(probabilities: NDArray[np.floating], before: float) -> NDArray[np.float64]:
    """(…) of outcome probabilities (… × at least COUNT): gain in score over `before`, at most what is left to 1.

    Meeting every spec counts for at least 0.05, however little is left: that is what is asked for.
    """
    left = max(1.0 - before, 0.0)
    gains = np.append(np.minimum(_GAINS, left), max(left, 0.05))
    return np.asarray(probabilities[..., :COUNT] @ gains)
