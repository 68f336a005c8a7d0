"""The network of the universal surrogate in torch; `eda_agent.agent.universal.network` is the same in numpy, with the
same weights.

It reads a circuit at one measured design, the reference, and generates for every spec a mean and a kernel over changes
x of the logarithms of parameters against the reference:

    mean_k(x)      = a_k · x + u_k · φ(x)
    kernel_k(x, z) = φ(x) diag(τ_k²) φ(z) + s_k M(|w_k (x − z)|) + t_k M(5 |w_k (x − z)|) + noise_k δ

φ are the features of a small generated network with φ(0) = 0, M is the Matérn-5/2 correlation. The quantities per
parameter are
sums over the devices that it changes, weighted by ∂ ln size / ∂ ln parameter, so the number and the names of parameters
do not
matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eda_agent.agent.language.words import ROLES
from eda_agent.agent.universal.graph import KINDS, METRIC_NAMES, PORTS, QUANTITIES, TEMPLATES
from eda_agent.agent.universal.network import (
    FLAGS,
    HEADS,
    NET_FEATURES,
    NOISE_FLOOR,
    POINT_FEATURES,
    ROUNDS,
    SPEC_FEATURES,
    STRETCH,
    VARIANCE_FLOOR,
)

Batch = Mapping[str, Tensor]


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, outputs))


class Attention(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))

    def forward(self, asks: Tensor, told: Tensor, hidden: Tensor) -> Tensor:
        """`hidden` (b, told) is true for padding."""
        batch, count, width = asks.shape
        q, k, v = (
            layer(x).reshape(batch, -1, HEADS, width // HEADS).transpose(1, 2)
            for layer, x in ((self.q, asks), (self.k, told), (self.v, told))
        )
        score = (q @ k.transpose(-1, -2) / math.sqrt(width // HEADS)).masked_fill(hidden[:, None, None], -1e9)
        return self.o((score.softmax(-1) @ v).transpose(1, 2).reshape(batch, count, width))


class Net(nn.Module):
    """`width` of the embeddings, `rank`: half the number of features. `mean`, `features`, `points`, `roles`: inputs
    that an ablation
    leaves out.
    """

    def __init__(
        self,
        width: int = 64,
        rank: int = 96,
        drop: float = 0.1,
        *,
        mean: bool = True,
        features: bool = True,
        points: bool = True,
        roles: bool = True,
    ):
        super().__init__()
        self.width, self.rank = width, rank
        self.use_mean, self.use_features, self.use_points, self.use_roles = mean, features, points, roles
        self.kind, self.role, self.port = (
            nn.Embedding(len(KINDS), width),
            nn.Embedding(len(ROLES), width),
            nn.Embedding(len(PORTS), width),
        )
        self.metric, self.template = nn.Embedding(len(METRIC_NAMES), width), nn.Embedding(len(TEMPLATES), width)
        self.device_in = mlp(FLAGS + QUANTITIES + POINT_FEATURES, width, width)
        self.net_in = nn.Linear(NET_FEATURES, width)
        self.spec_in = mlp(SPEC_FEATURES + 2, width, width)
        self.device_up = nn.ModuleList(mlp(5 * width, width, width) for _ in range(ROUNDS))
        self.message = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(ROUNDS))
        self.net_up = nn.ModuleList(mlp(2 * width, width, width) for _ in range(ROUNDS))
        self.whole = nn.ModuleList(mlp(3 * width, width, width) for _ in range(ROUNDS))
        self.device_norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(ROUNDS))
        self.net_norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(ROUNDS))
        self.look = nn.ModuleList(Attention(width) for _ in range(2))
        self.among = nn.ModuleList(Attention(width) for _ in range(2))
        self.spec_up = nn.ModuleList(mlp(width, 2 * width, width) for _ in range(2))
        self.spec_norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(6))
        self.input = nn.Linear(width, QUANTITIES * rank)
        self.linear, self.span = nn.Linear(width, QUANTITIES * width), nn.Linear(width, QUANTITIES * width)
        self.offset = nn.Linear(width, rank)
        self.middle, self.film = nn.Linear(rank, rank), nn.Linear(width, 2 * rank)
        self.slope, self.length = nn.Linear(width, width), nn.Linear(width, width)
        self.out, self.spread = nn.Linear(width, 2 * rank), nn.Linear(width, 2 * rank)
        self.sizes = nn.Linear(width, 5)
        self.works = mlp(rank, 32, 1)
        self.drop = nn.Dropout(drop)
        nn.init.zeros_(self.sizes.weight)
        with torch.no_grad():
            self.input.weight.mul_(0.5)
            self.out.weight.mul_(0.1)
            self.slope.weight.mul_(0.3)
            self.sizes.bias.copy_(torch.tensor([-1.0, -6.0, -1.0, -2.0, -3.0]))

    def encode(self, s: Batch) -> dict[str, Tensor]:
        """The generated quantities of a batch of circuits at their references. The keys of `s` are those of a
        `CircuitGraph` with masks,
        and sizes, points, and the measurements at the reference (`measured`, standardised, and `known`).
        """
        there, wired, asked = s["device_mask"][..., None], s["net_mask"][..., None], s["spec_mask"][..., None]
        points = s["points"] if self.use_points else torch.zeros_like(s["points"])
        d = self.device_in(torch.cat([s["flags"], s["sizes"], points], -1)) + self.kind(s["kinds"])
        if self.use_roles:
            d = d + self.role(s["roles"])
        d = self.drop(d) * there
        n = (self.port(s["ports"]) + self.net_in(s["net_features"])) * wired
        told = torch.cat([s["spec_features"], s["measured"][..., None], s["known"][..., None]], -1)
        k = (self.metric(s["metrics"]) + self.template(s["templates"]) + self.spec_in(told)) * asked
        batch, devices, width = d.shape
        nets = n.shape[1]
        index = s["terminals"].reshape(batch, devices * 3, 1).expand(-1, -1, width)
        inner = ((s["ports"] != PORTS.index("vdd")) & (s["ports"] != PORTS.index("vss")))[..., None]
        g = d.new_zeros(batch, width)
        for r in range(ROUNDS):
            at = torch.gather(torch.cat([n, n.new_zeros(batch, 1, width)], 1), 1, index).reshape(
                batch, devices, 3 * width
            )
            g = self.whole[r](
                torch.cat(
                    [(d * there).sum(1) / 8, (k * asked).sum(1) / asked.sum(1), (d * there).sum(1) / there.sum(1)], -1
                )
            )
            d = (
                self.device_norm[r](
                    d + self.drop(self.device_up[r](torch.cat([d, at, g[:, None].expand(-1, devices, -1)], -1)))
                )
                * there
            )
            got = n.new_zeros(batch, nets + 1, width).scatter_add(
                1, index, self.message[r](d).reshape(batch, devices * 3, width)
            )[:, :nets]
            n = self.net_norm[r](n + self.drop(self.net_up[r](torch.cat([n, got * inner], -1)))) * wired
        for r in range(2):
            k = self.spec_norm[3 * r](k + self.drop(self.look[r](k, d, s["device_mask"] == 0)))
            k = self.spec_norm[3 * r + 1](k + self.among[r](k, k, s["spec_mask"] == 0))
            k = self.spec_norm[3 * r + 2](k + self.drop(self.spec_up[r](k))) * asked
        powers, shape = s["powers"], (batch, devices, QUANTITIES, -1)
        linear = torch.einsum("bdqp,bdqh->bph", powers, self.linear(d).reshape(shape))
        span = torch.einsum("bdqp,bdqh->bph", powers.abs(), self.span(d).reshape(shape))
        sizes, film = self.sizes(k), self.film(g)
        return {
            "input": torch.einsum("bdqp,bdqr->bpr", powers, self.input(d).reshape(shape)),
            "slope": torch.einsum("bkh,bph->bkp", self.slope(k), linear) / math.sqrt(width),
            "inverse_length": (
                F.softplus(torch.einsum("bkh,bph->bkp", self.length(k), span) / math.sqrt(width) + sizes[..., 2:3])
                + 1e-3
            ),
            "offset": self.offset(g),
            "gain": 1 + 0.3 * film[:, : self.rank],
            "shift": film[:, self.rank :],
            "out": self.out(k),
            "spread": F.softplus(self.spread(k) + sizes[..., 3:4]),
            "rough": torch.exp(sizes[..., 0].clamp(-6, 3)),
            "rougher": torch.exp(sizes[..., 4].clamp(-8, 1)),
            "noise": torch.exp(sizes[..., 1].clamp(-9, -5.3)) + NOISE_FLOOR,
        }

    def features(self, e: Batch, x: Tensor) -> Tensor:
        """Features (b, m, 2 rank) of changes x (b, m, p); 0 at x = 0."""

        def phi(x: Tensor) -> Tensor:
            first = torch.tanh(torch.einsum("bmp,bpr->bmr", x, e["input"]) + e["offset"][:, None])
            return torch.cat([first, torch.tanh(self.middle(first) * e["gain"][:, None] + e["shift"][:, None])], -1)

        return phi(x) - phi(torch.zeros_like(x[:, :1]))

    def mean(self, e: Batch, x: Tensor, f: Tensor) -> Tensor:
        """Means (b, m, k)."""
        if not self.use_mean:
            return x.new_zeros(x.shape[0], x.shape[1], e["slope"].shape[1])
        return torch.einsum("bmp,bkp->bmk", x, e["slope"]) + torch.einsum("bmr,bkr->bmk", f, e["out"])

    def kernel(self, e: Batch, x: Tensor, f: Tensor, z: Tensor, h: Tensor) -> Tensor:
        """Covariances (b, k, m, n)."""
        left, right = x[:, None] * e["inverse_length"][:, :, None], z[:, None] * e["inverse_length"][:, :, None]
        square = (left**2).sum(-1)[..., :, None] + (right**2).sum(-1)[..., None, :] - 2 * left @ right.transpose(-1, -2)
        distance = torch.sqrt(square.clamp_min(1e-8)) * math.sqrt(5)
        found = e["rough"][..., None, None] * _matern(distance) + e["rougher"][..., None, None] * _matern(
            STRETCH * distance
        )
        if self.use_features:
            found = found + (f[:, None] * (e["spread"] ** 2)[:, :, None]) @ h[:, None].transpose(-1, -2)
        return found

    def posterior(self, e: Batch, x: Tensor, y: Tensor, known: Tensor, asked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance (b, m, k) at `asked` (b, m, p), and the logit of being measurable (b, m), given changes y
        (b, n, k) at
        x (b, n, p), of which only `known` are used.
        """
        fx, fa = self.features(e, x), self.features(e, asked)
        kn = known.transpose(1, 2)
        noise = e["noise"][..., None]
        # unknown values have no correlation with others, variance 1 and no error
        matrix = self.kernel(e, x, fx, x, fx) * kn[..., :, None] * kn[..., None, :] + torch.diag_embed(
            noise * kn + (1 - kn)
        )
        factor = torch.linalg.cholesky(matrix.double())
        error = ((y - self.mean(e, x, fx)).transpose(1, 2) * kn)[..., None]
        cross = self.kernel(e, x, fx, asked, fa) * kn[..., None]
        half = torch.linalg.solve_triangular(factor, torch.cat([cross, error], -1).double(), upper=False).float()
        mean = self.mean(e, asked, fa) + (half[..., :-1] * half[..., -1:]).sum(-2).transpose(1, 2)
        prior = (e["rough"] + e["rougher"])[..., None].expand(-1, -1, asked.shape[1])
        if self.use_features:
            prior = prior + ((fa[:, None] ** 2) * (e["spread"] ** 2)[:, :, None]).sum(-1)
        variance = (prior - (half[..., :-1] ** 2).sum(-2)).clamp_min(VARIANCE_FLOOR) + noise
        return mean, variance.transpose(1, 2), self.works(fa[..., : self.rank])[..., 0]


def _matern(distance: Tensor) -> Tensor:
    return (1 + distance + distance**2 / 3) * torch.exp(-distance)
