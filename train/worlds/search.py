"""The search inside worlds is that of the policy `trust` for many runs at once: candidates in a box around the best
design, refined by the expected improvement of the score.

There are fewer candidates than in the product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eda_agent.agent.policies.prior_search import SIDE
from eda_agent.agent.policies.trust_region import FAILURES, LARGEST, SMALLEST, START, SUCCESSES

BOX, NEAR, ANYWHERE = 64, 24, 8
"""Number of first candidates in the box, near the best design, and in the whole ranges."""
PARENTS, CHILDREN, ROUNDS = 8, 4, (1.0, 0.5)
DRAWS = 32


@dataclass
class Box:
    """The boxes of runs b, by the rule of `trust.box_side`: `side`, consecutive successes `good` and failures `bad`."""

    side: Tensor
    good: Tensor
    bad: Tensor

    @classmethod
    def new(cls, count: int) -> Box:
        return cls(torch.full((count,), SIDE), torch.zeros(count), torch.zeros(count))

    def follow(self, found: Tensor, best: Tensor) -> None:
        """Take a turn's score (b); `best`: before it."""
        success = found > best + 1e-3 * best
        self.good = torch.where(success, self.good + 1, 0.0)
        self.bad = torch.where(success, 0.0, self.bad + 1)
        grown, shrunk = self.good == SUCCESSES, self.bad == FAILURES
        side = torch.where(grown, (2 * self.side).clamp(max=LARGEST), torch.where(shrunk, self.side / 2, self.side))
        self.good, self.bad = torch.where(grown, 0.0, self.good), torch.where(shrunk, 0.0, self.bad)
        self.side = torch.where(side < SMALLEST, START, side)

    def take(self, rows: Tensor) -> Box:
        return Box(self.side[rows], self.good[rows], self.bad[rows])


def first_candidates(centre: Tensor, side: Tensor, parameters: Tensor, draw: torch.Generator) -> Tensor:
    """Positions (b, m, p) around `centre` (b, p) in boxes of `side` (b): as `trust` draws them."""
    count, p = centre.shape
    middle, wide = centre[:, None], side[:, None, None]
    low, high = (middle - wide / 2).clamp(0, 1), (middle + wide / 2).clamp(0, 1)
    inside = low + (high - low) * torch.rand(count, BOX, p, generator=draw)
    inside = torch.where(_moved(count, BOX, parameters, draw), inside, middle)
    near = (middle + wide / 10 * torch.randn(count, NEAR, p, generator=draw)).clamp(0, 1)
    return torch.cat([inside, near, torch.rand(count, ANYWHERE, p, generator=draw)], 1) * parameters[:, None]


def _moved(count: int, many: int, parameters: Tensor, draw: torch.Generator) -> Tensor:
    """Which parameters (b, m, p) of a candidate move: all, half, or three of them, at least one."""
    p = parameters.shape[1]
    sizes = parameters.sum(1)
    shares = torch.stack([torch.ones(count), torch.full((count,), 0.5), (3 / sizes).clamp(max=1)], 1)
    kind = torch.randint(3, (count, many), generator=draw)
    moved = torch.rand(count, many, p, generator=draw) < torch.take_along_dim(shares, kind, 1)[..., None]
    one = (torch.rand(count, many, generator=draw) * sizes[:, None]).long()
    return moved.scatter(2, one[..., None], True)


def children(parents: Tensor, side: Tensor, parameters: Tensor, draw: torch.Generator) -> Tensor:
    """Positions (b, m · CHILDREN, p) around the most promising ones."""
    points = parents.repeat_interleave(CHILDREN, 1)
    moved = _moved(len(points), points.shape[1], parameters, draw)
    step = side[:, None, None] / 10 * torch.randn(points.shape, generator=draw)
    return (points + moved * step).clamp(0, 1) * parameters[:, None]


def gains(mean: Tensor, deviation: Tensor, specs: Tensor, best: Tensor, draws: Tensor) -> Tensor:
    """The expected improvement (b, m) of the score over `best` (b), for margins with `mean` and `deviation` (b, m, k),
    by standard normal `draws` (b, d, k); see `trust._block_gains`.
    """
    sample = torch.addcmul((1 + mean)[:, None], deviation[:, None], draws[:, :, None]).clamp_(0, 1)
    weight = specs / specs.sum(1, keepdim=True)
    total = (sample @ weight[:, None, :, None])[..., 0]
    return (total - best[:, None, None]).clamp_min(0).mean(1) + 1e-9 * total.mean(1)


Judge = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""Positions (b, m, p) → the margins' mean and deviation (b, m, k), and the chance (b, m) that all can be measured."""


def most_promising(
    judge: Judge, centre: Tensor, side: Tensor, best: Tensor, specs: Tensor, parameters: Tensor, draw: torch.Generator
) -> Tensor:
    """The search's choice (b, p) around `centre` (b, p), for weights `specs` (b, k) of specs."""
    draws = torch.randn(len(centre), DRAWS, specs.shape[1], generator=draw)

    def judged(positions: Tensor) -> tuple[Tensor, Tensor]:
        mean, deviation, chance = judge(positions)
        return positions, gains(mean, deviation, specs, best, draws) * chance

    positions, gain = judged(first_candidates(centre, side, parameters, draw))
    for share in ROUNDS:
        parents = torch.take_along_dim(positions, gain.topk(PARENTS, 1).indices[..., None], 1)
        more = judged(children(parents, side * share, parameters, draw))
        positions, gain = torch.cat([positions, more[0]], 1), torch.cat([gain, more[1]], 1)
    return torch.take_along_dim(positions, gain.argmax(1)[:, None, None], 1)[:, 0]
