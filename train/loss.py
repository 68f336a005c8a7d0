"""The loss of a policy step from log-probabilities of the answer tokens: clipped surrogate, importance correction, KL.

All tensors are flat over the answer tokens of a batch (n). A token's weight is 1 / (all tokens of the batch): token
mean, as in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Surrogate:
    """`low`, `high`: the ratio is clipped to [1 − low, 1 + high] (0.2 and 0.28: DAPO, arXiv 2503.14476, and the paper).

    `correction`: largest weight of the trainer's log-probability against the sampler's (truncated importance sampling),
    None for no correction. `sequence`: the ratio is that of the whole answer to the power of 1 / its length (GSPO,
    arXiv 2507.18071).
    """

    low: float = 0.2
    high: float = 0.28
    correction: float | None = 2.0
    sequence: bool = False


@dataclass(frozen=True)
class Terms:
    """`loss` (n): per token, to be summed with the tokens' weights. `ratio` (n): π / π_old. `low`, `high` (n): where
    the clip was active.
    """

    loss: Tensor
    ratio: Tensor
    low: Tensor
    high: Tensor


def surrogate(
    new: Tensor,
    old: Tensor,
    advantages: Tensor,
    rule: Surrogate,
    answers: Tensor | None = None,
    sampled: Tensor | None = None,
) -> Terms:
    """−min(ρ A, clip(ρ, 1 − low, 1 + high) A) per token, ρ = exp(new − old).

    `new`, `old`, `advantages` (n). `answers` (n): index of a token's answer, for `sequence`. `sampled` (n): the
    sampler's
    log-probabilities, for `correction`.
    """
    difference = new - old
    if rule.sequence:
        assert answers is not None
        count = int(answers.max()) + 1 if len(answers) else 0
        sums = torch.zeros(count, dtype=new.dtype).index_add(0, answers, difference)
        lengths = torch.zeros(count, dtype=new.dtype).index_add(0, answers, torch.ones_like(difference))
        difference = (sums / lengths)[answers]
    ratio = difference.exp()
    clipped = ratio.clamp(1 - rule.low, 1 + rule.high)
    loss = -torch.minimum(ratio * advantages, clipped * advantages)
    if rule.correction is not None and sampled is not None:
        loss = loss * (old - sampled).exp().clamp(max=rule.correction)
    return Terms(
        loss, ratio.detach(), (ratio < 1 - rule.low) & (advantages < 0), (ratio > 1 + rule.high) & (advantages > 0)
    )


def divergence(new: Tensor, reference: Tensor, kind: str, ratio: Tensor | None = None) -> Tensor:
    """KL(π ‖ reference) per token (n), as a loss. `kind`: "k2", ½ d², or "k3", e^d − d − 1, with d = reference − new
    (Schulman 2020).

    k3 as a loss has the right gradient only if weighted by π / π_old: give `ratio`.
    """
    difference = reference - new
    if kind == "k2":
        return 0.5 * difference**2
    k3 = difference.exp() - difference - 1
    return k3 if ratio is None else k3 * ratio
