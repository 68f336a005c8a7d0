"""A belief is the universal surrogate's prediction after some turns, for many runs at once in torch.

Errors have an unknown scale s per spec, with s² inverse gamma: the predictions are Student's t with `FREEDOM` degrees
of freedom, as in training. After n values with β = e' K⁻¹ e (e: errors of the mean, K: kernel)

    s² ~ InvGamma((FREEDOM + n) / 2, (FREEDOM + β) / 2)

and the mean of s² is (FREEDOM + β) / (FREEDOM + n − 2) (Shah et al., Student-t Processes, AISTATS 2014). The value at
the reference is exact and does not count in n.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from eda_agent.agent.universal.network import STRETCH, VARIANCE_FLOOR
from eda_agent.agent.universal.posterior import FARTHEST, FREEDOM
from eda_agent.train.worlds.arena import Kit


@dataclass(frozen=True)
class Belief:
    """Runs b after turns n. `x` (b, n, p) with `features`; `known` (b, k, n); `factor` (b, k, n, n): lower factor of K;
    `solved` (b, k, n): K⁻¹ e; `beta`, `count` (b, k).
    """

    kit: Kit
    x: Tensor
    features: Tensor
    known: Tensor
    factor: Tensor
    solved: Tensor
    beta: Tensor
    count: Tensor

    def scale(self) -> Tensor:
        """The mean (b, k) of s²."""
        return (FREEDOM + self.beta) / (FREEDOM + self.count - 2)

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and deviation (b, m, k) of changes at x (b, m, p), and the network's chance (b, m) that all can be
        measured.
        """
        net, e = self.kit.net, self.kit.generated
        f = net.features(e, x)
        cross = kernel(e, x, f, self.x, self.features) * self.known[:, :, None]
        mean = net.mean(e, x, f) + (cross @ self.solved[..., None])[..., 0].transpose(1, 2)
        half = torch.linalg.solve_triangular(self.factor, cross.transpose(-1, -2), upper=False)
        prior = (e["rough"] + e["rougher"])[..., None] + (e["spread"] ** 2) @ (f**2).transpose(1, 2)
        variance = (prior - (half**2).sum(-2)).clamp_min(VARIANCE_FLOOR) + e["noise"][..., None]
        deviation = (variance * self.scale()[..., None]).sqrt().transpose(1, 2)
        return mean, deviation, torch.sigmoid(net.works(f[..., : net.rank])[..., 0])


def kernel(e: Mapping[str, Tensor], x: Tensor, f: Tensor, z: Tensor, h: Tensor) -> Tensor:
    """`Net.kernel` with products for all specs at once, several times as fast for few z."""
    square = e["inverse_length"] ** 2
    shape = (len(x), x.shape[1], square.shape[1], z.shape[1])
    left, right = x**2 @ square.transpose(1, 2), square @ (z**2).transpose(1, 2)
    towards = (z[:, None] * square[:, :, None]).flatten(1, 2).transpose(1, 2)
    distance = (x @ towards).reshape(shape).mul_(-2).add_(left[..., None]).add_(right[:, None])
    distance.clamp_min_(1e-8).sqrt_().mul_(math.sqrt(5))
    weighted = (h[:, None] * (e["spread"] ** 2)[:, :, None]).flatten(1, 2).transpose(1, 2)
    near, squared = (-distance).exp_(), distance.square()
    # e^(−5d) is the fifth power of e^(−d)
    far = near.square().square_().mul_((STRETCH * distance).add_(squared, alpha=STRETCH**2 / 3).add_(1))
    far.mul_(e["rougher"][:, None, :, None]).add_(
        squared.div_(3).add_(distance).add_(1).mul_(e["rough"][:, None, :, None])
    )
    found = (f @ weighted).reshape(shape).add_(far.mul_(near))
    return found.transpose(1, 2)


@torch.no_grad()
def believe(kit: Kit, x: Tensor, y: Tensor, known: Tensor) -> Belief:
    """The belief after changes y (b, n, k) at x (b, n, p), of which only `known` (b, n, k) count. Turn 0 is the
    reference.
    """
    net, e = kit.net, kit.generated
    f = net.features(e, x)
    kn = known.transpose(1, 2)
    # unknown values have no correlation with others, variance 1 and no error
    matrix = kernel(e, x, f, x, f) * kn[..., :, None] * kn[..., None, :]
    matrix = matrix + torch.diag_embed(e["noise"][..., None] * kn + (1 - kn))
    error = (y.clamp(-FARTHEST, FARTHEST) - net.mean(e, x, f)).transpose(1, 2) * kn
    factor = torch.linalg.cholesky(matrix.double())
    solved = torch.cholesky_solve(error[..., None].double(), factor)[..., 0].float()
    return Belief(kit, x, f, kn, factor.float(), solved, (solved * error).sum(-1), (kn.sum(-1) - 1).clamp_min(0))
