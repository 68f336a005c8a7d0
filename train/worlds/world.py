"""A world is a function from designs to values, drawn from the universal surrogate's posterior after all of a circuit's
recorded simulations, with a target that one of the recorded designs meets in it.

Sampling is pathwise (Wilson et al., arXiv 2002.09309): with a sample g of the zero-mean prior and errors e of the
mean m

    f(x) = m(x) + k(x, X) K⁻¹ e + s (g(x) − k(x, X) K⁻¹ (g(X) + ε))

The Matérn parts of g are sums of cosines: frequencies of the Matérn-5/2 are Student's t with 5 degrees of freedom
(Rasmussen & Williams, 2006, eq. 4.15). s is the scale of `belief`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eda_agent.agent.universal.network import STRETCH
from eda_agent.agent.universal.posterior import FREEDOM
from eda_agent.train.worlds.arena import Kit
from eda_agent.train.worlds.belief import Belief, believe, kernel

WAVES = 48
"""Number of cosines and sines of a Matérn part."""
GOALS = 2
"""Number of recorded designs among which the target is the one farthest from met at the start."""
LEAST_SLACK = 0.25


@dataclass(frozen=True)
class Worlds:
    """Worlds w over the arenas of `kit`. `waves` (w, 2 WAVES, p): frequencies; `heights` (w, k, 4 WAVES), `weights` (w,
    k, 2r), `path` (w, k, n): of the samples. `scale` (w, k): s. `limit` (w): the chance below which nothing can be
    measured. `margins` (w, k): at the start.
    """

    kit: Kit
    told: Belief
    waves: Tensor
    heights: Tensor
    weights: Tensor
    path: Tensor
    scale: Tensor
    limit: Tensor
    margins: Tensor

    def take(self, rows: Tensor) -> Worlds:
        """The worlds of these numbers, which may repeat."""
        told = self.told
        part = Belief(
            self.kit.take(rows), told.x[rows], told.features[rows], told.known[rows], told.factor[rows],
            told.solved[rows], told.beta[rows], told.count[rows],
        )  # fmt: skip
        rest = (getattr(self, name)[rows] for name in _OWN)
        return Worlds(part.kit, part, *rest)

    def values(self, x: Tensor) -> Tensor:
        """Changes (w, m, k) of the transformed values at x (w, m, p)."""
        net, e = self.kit.net, self.kit.generated
        f = net.features(e, x)
        cross = kernel(e, x, f, self.told.x, self.told.features) * self.told.known[:, :, None]
        path = self.told.solved - self.scale[..., None] * self.path
        sample = self.scale[..., None] * self._prior(x, f)
        return net.mean(e, x, f) + ((cross @ path[..., None])[..., 0] + sample).transpose(1, 2)

    def _prior(self, x: Tensor, f: Tensor) -> Tensor:
        return _prior(self.kit, self.waves, self.heights, self.weights, x, f)

    def measure(self, positions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Changes of the values (w, m, k), whether a design works (w, m), margins (w, m, k) and scores (w, m)."""
        x = self.kit.changes(positions)
        values = self.values(x)
        margins = self.margins[:, None] + self.kit.slopes[:, None] * values
        works = self.chance(x) >= self.limit[:, None]
        return values, works, margins, torch.where(works, score(margins, self.kit.specs), 0.0)

    def chance(self, x: Tensor) -> Tensor:
        net = self.kit.net
        return torch.sigmoid(net.works(net.features(self.kit.generated, x)[..., : net.rank])[..., 0])


_OWN = ("waves", "heights", "weights", "path", "scale", "limit", "margins")


def score(margins: Tensor, specs: Tensor) -> Tensor:
    """The product's score (w, m) of margins (w, m, k) with equal weights: see `agent.score`."""
    there = specs[:, None]
    return ((1 + margins).clamp(0, 1) * there).sum(-1) / there.sum(-1)


def _prior(kit: Kit, waves: Tensor, heights: Tensor, weights: Tensor, x: Tensor, f: Tensor) -> Tensor:
    """A sample (w, k, m) of the zero-mean prior at x (w, m, p) with features f."""
    scaled = x[:, None] * kit.generated["inverse_length"][:, :, None]
    phase = scaled @ waves.transpose(1, 2)[:, None]
    basis = torch.cat([phase.cos(), phase.sin()], -1)
    return (basis @ heights[..., None])[..., 0] + weights @ f.transpose(1, 2)


def draw_worlds(kit: Kit, rows: Tensor, draw: torch.Generator) -> Worlds:
    """A world for each of these arenas; the same generator gives the same worlds."""
    own = kit.take(rows)
    told = believe(own, own.x, own.y, own.known)
    e, (count, _, p), k = own.generated, own.x.shape, own.specs.shape[1]

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    waves = normal(count, 2 * WAVES, p) / (_gamma(torch.full((count, 2 * WAVES, 1), 2.5), draw) / 2.5).sqrt()
    waves[:, WAVES:] *= STRETCH
    tall = torch.stack([e["rough"], e["rougher"]], -1).sqrt() / WAVES**0.5
    heights = normal(count, k, 2, 2, WAVES) * tall[:, :, None, :, None]
    heights = heights.reshape(count, k, 4 * WAVES)
    weights = normal(count, k, e["spread"].shape[-1]) * e["spread"]
    prior = _prior(own, waves, heights, weights, own.x, told.features)
    noisy = (prior + e["noise"].sqrt()[..., None] * normal(*prior.shape)) * told.known
    path = torch.cholesky_solve(noisy[..., None], told.factor)[..., 0]
    scale = ((FREEDOM + told.beta) / 2 / _gamma((FREEDOM + told.count) / 2, draw)).sqrt()
    blank = Worlds(own, told, waves, heights, weights, path, scale, torch.zeros(count), torch.zeros(count, k))
    return _aimed(blank, draw)


def _gamma(shape: Tensor, draw: torch.Generator) -> Tensor:
    """Gamma variates with scale 1 (`torch.distributions` takes no generator)."""
    return torch._standard_gamma(shape, generator=draw)


def _aimed(blank: Worlds, draw: torch.Generator) -> Worlds:
    """The worlds with targets: one of the recorded designs meets them, with a slack of a quarter to the whole of the
    product's.
    """
    own, count = blank.kit, len(blank.limit)
    able = own.goals / own.goals.sum(1, keepdim=True)
    chosen = torch.multinomial(able, GOALS, replacement=True, generator=draw)
    x = torch.take_along_dim(own.x, chosen[..., None], 1)
    slack = own.slack * (LEAST_SLACK + (1 - LEAST_SLACK) * torch.rand(own.slack.shape, generator=draw))
    wanted = own.slopes[:, None] * blank.values(x) - (own.slopes.abs() * slack)[:, None]
    # margins at the start, where no value has changed
    scores = torch.stack([score(-wanted[:, one : one + 1], own.specs)[:, 0] for one in range(GOALS)], 1)
    worst = scores.argmin(1)
    margins = -torch.take_along_dim(wanted, worst[:, None, None], 1)[:, 0] * own.specs
    at = torch.cat([torch.zeros_like(x[:, :1]), torch.take_along_dim(x, worst[:, None, None], 1)], 1)
    limit = blank.chance(at).amin(1) * torch.rand(count, generator=draw)
    return Worlds(own, blank.told, blank.waves, blank.heights, blank.weights, blank.path, blank.scale, limit, margins)
