"""An advantage says how much better an action is than the rest of its group; estimators are functions of a group's
rewards.

Each takes the rewards (n) of a group and returns n advantages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Estimator = Callable[[Real], Real]

RESOLUTION = 1e-4
"""Added to a standard deviation, as TRL does: rewards closer than this are equal."""
FLAT = 1e-9
"""Rewards closer than this differ by rounding only."""


def standardised(rewards: Real) -> Real:
    """(r − mean) / (std + 1e-4), std with n − 1 (GRPO, arXiv 2402.03300; n − 1 and 1e-4 as in TRL)."""
    if len(rewards) < 2:
        return np.zeros_like(rewards)
    return np.asarray((rewards - rewards.mean()) / (rewards.std(ddof=1) + RESOLUTION))


def centred(rewards: Real) -> Real:
    """r − mean (Dr. GRPO, arXiv 2503.20783)."""
    return np.asarray(rewards - rewards.mean())


def entropic(rewards: Real, beta: float = 8.0) -> Real:
    """(exp(β (r − V)) − 1) / β with V = (logsumexp(β r) − log n) / β (RS-GRPO, arXiv 2509.24261). β → 0 is
    `centred`.
    """
    top = rewards.max()
    value = top + (math.log(np.exp(beta * (rewards - top)).mean())) / beta
    return np.asarray(np.expm1(beta * (rewards - value)) / beta)


def adaptive(rewards: Real, divergence: float = math.log(2.0)) -> Real:
    """e_i / mean_{j≠i} e_j − 1 with e_i = exp(β (r_i − max)), β such that KL(softmax(β r) ‖ uniform) = ln 2
    (TTT-Discover, arXiv 2601.16175).

    β is found by bisection; if the divergence cannot be reached (many equal maxima) it is the largest value.
    """
    count = len(rewards)
    spread = float(rewards.max() - rewards.min())
    if count < 2 or spread <= FLAT:
        return np.zeros_like(rewards)
    shifted = rewards - rewards.max()

    def reached(beta: float) -> float:
        weights = np.exp(beta * shifted)
        weights /= weights.sum()
        return float(math.log(count) + (weights * np.log(np.maximum(weights, 1e-300))).sum())

    low, high = 0.0, 1e6 / spread
    if reached(high) > divergence:
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if reached(middle) < divergence else (low, middle)
    weights = np.exp(high * shifted)
    others = (weights.sum() - weights) / (count - 1)
    return np.asarray(weights / np.maximum(others, 1e-12) - 1.0)


def max_at_k(rewards: Real, k: int = 4) -> Real:
    """Gradient weights of the expected best of k of the group (PKPO, arXiv 2505.15201, leave-one-out):

    s_i = Σ_{j<i} (g_i − g_j) C(j, k−2) / C(n, k), g ascending, j from 0.
    """
    count = len(rewards)
    if not 2 <= k <= count:
        raise ValueError(f"max@k needs 2 ≤ k ≤ group size, not k = {k} of {count}")
    order = np.argsort(rewards, kind="stable")
    ascending = rewards[order]
    weights = np.array([math.comb(j, k - 2) for j in range(count)], dtype=np.float64) / math.comb(count, k)
    # Σ_{j<i} (g_i − g_j) w_j from running sums
    below, total = np.cumsum(weights) - weights, np.cumsum(weights * ascending) - weights * ascending
    result = np.empty(count)
    result[order] = ascending * below - total
    return result


ESTIMATORS: dict[str, Callable[..., Real]] = {
    "standardised": standardised, "centred": centred, "entropic": entropic, "adaptive": adaptive, "max_at_k": max_at_k,
}  # fmt: skip


def estimator(name: str, **options: Any) -> Estimator:
    """The estimator of that name with its options bound."""
    chosen = ESTIMATORS[name]
    return lambda rewards: chosen(rewards, **options)


def compare(rewards: Real, estimate: Estimator) -> list[float | None]:
    """The advantages of a group; None for all if its rewards differ by rounding only."""
    return [float(value) for value in estimate(rewards)] if np.ptp(rewards) > FLAT else [None] * len(rewards)
