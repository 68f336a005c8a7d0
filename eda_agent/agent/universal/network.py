"""The network of the universal surrogate in numpy. `train/universal/net.py`, which trains it, has the formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.universal.graph import PORTS, QUANTITIES, CircuitGraph

Real = NDArray[Any]

ROUNDS, HEADS = 4, 4
FLAGS, NET_FEATURES, SPEC_FEATURES, POINT_FEATURES = 6, 6, 6, 7
STRETCH = 5.0
"""Factor by which the second Matérn's lengths are shorter."""
BLOCK = 16384
"""Number of kernel values computed at a time."""
NOISE_FLOOR, VARIANCE_FLOOR = 1e-4, 1e-6
KNOTS = (1, 3, 5, 10, 20)
"""Numbers of turns at which the widening is known."""


@dataclass(frozen=True)
class Generated:
    """The network's output for one circuit at one reference, for k specs and p parameters; see `net.Net.encode`.

    `input` (p, r), `offset`, `gain`, `shift` (r) make the features of changes; `slope` (k, p) and `out` (k, 2r) the
    mean; `spread` (k, 2r), `inverse_length` (k, p), `rough`, `rougher`, `noise` (k) the kernel.
    """

    network: Network
    input: Real
    slope: Real
    inverse_length: Real
    offset: Real
    gain: Real
    shift: Real
    out: Real
    spread: Real
    rough: Real
    rougher: Real
    noise: Real

    def features(self, x: Real) -> Real:
        """Features (m, 2r) of changes (m, p)."""
        return self._phi(x) - self._phi(np.zeros_like(x[:1]))

    def _phi(self, x: Real) -> Real:
        rank = len(self.offset)
        found = np.empty((len(x), 2 * rank), x.dtype)
        first = np.tanh(x @ self.input + self.offset, out=found[:, :rank])
        found[:, rank:] = np.tanh(self.network.linear("middle", first) * self.gain + self.shift)
        return found

    def mean(self, x: Real, features: Real) -> Real:
        """Mean (m, k)."""
        return np.asarray(x @ self.slope.T + features @ self.out.T)

    def kernel(self, x: Real, f: Real, z: Real, h: Real) -> Real:
        """Kernel (k, m, n) between changes x (m, p) and z (n, p) with their features."""
        found = np.empty((len(x), len(self.rough), len(z)), x.dtype)
        square = self.inverse_length**2
        # products for all specs at once; rows in blocks that stay in the processor's cache
        left, right = x**2 @ square.T, (z**2 @ square.T).T
        towards = -2 * (z[None] * square[:, None]).reshape(-1, z.shape[1]).T
        weighted = (h * (self.spread**2)[:, None]).reshape(-1, h.shape[1]).T
        step = max(1, BLOCK // (found.shape[1] * found.shape[2]))
        for start in range(0, len(x), step):
            rows = slice(start, start + step)
            block = (x[rows] @ towards).reshape(-1, *right.shape)
            block += left[rows, :, None]
            block += right
            found[rows] = self._stationary(block)
            found[rows] += (f[rows] @ weighted).reshape(block.shape)
        return found.transpose(1, 0, 2)

    def _stationary(self, square: Real) -> Real:
        """The sum of both Matérns (m, k, n) at squared distances, which are overwritten."""
        np.maximum(square, 1e-8, out=square)
        distance = np.sqrt(square, out=square)
        distance *= math.sqrt(5)
        near = np.exp(-distance)
        squared = distance * distance
        # e^(−5d) is the fifth power of e^(−d)
        far = near * near
        far *= far
        far *= 1 + STRETCH * distance + STRETCH**2 / 3 * squared
        far *= self.rougher[:, None]
        squared /= 3
        squared += distance
        squared += 1
        squared *= self.rough[:, None]
        squared += far
        squared *= near
        return squared

    def prior_variance(self, features: Real) -> Real:
        """Kernel (k, m) of a point with itself, without noise."""
        return np.asarray((self.rough + self.rougher)[:, None] + (self.spread**2) @ (features**2).T)

    def works(self, features: Real) -> Real:
        """The probability (m,) that everything can be measured."""
        rank = len(self.offset)
        hidden = self.network.linear("works.2", _silu(self.network.linear("works.0", features[:, :rank])))
        return np.asarray(1 / (1 + np.exp(-np.clip(hidden[:, 0], -50, 50))))


@dataclass(frozen=True)
class Network:
    """`weights`: by torch's names. `middle`, `spread`: of the metrics' transformed values, by the vocabulary.

    `widening`: factors of the deviations after `KNOTS` turns, measured on structures that were not trained on.
    """

    weights: Mapping[str, Real]
    middle: Real
    spread: Real
    widening: Real = field(default_factory=lambda: np.ones(len(KNOTS)))

    def widening_after(self, turns: float) -> float:
        """The factor after a number of turns, linear in its logarithm between the knots."""
        return float(np.interp(math.log(max(turns, 1)), np.log(KNOTS), self.widening))

    def taught(self, metric: int) -> bool:
        """Whether the training had a metric of the vocabulary; the weights of other words are random."""
        return 0 < metric < len(self.middle) and (self.middle[metric], self.spread[metric]) != (0.0, 1.0)

    def fits(self) -> bool:
        """Whether its layers match: it reads a circuit of two devices and returns outputs of the right shapes."""
        two = np.zeros(2, int)
        graph = CircuitGraph(
            ("a", "b"),
            two,
            two,
            np.zeros((2, FLAGS)),
            np.zeros((2, 3), int),
            np.ones((2, QUANTITIES, 1)),
            np.zeros((2, QUANTITIES)),
            two[:1],
            np.zeros((1, NET_FEATURES)),
            two[:1],
            two[:1],
            np.zeros((1, SPEC_FEATURES)),
            np.ones(1),
            np.zeros(1),
            1.0,
        )
        try:
            found = self.encode(graph, np.zeros(1), np.zeros((2, POINT_FEATURES)), np.zeros(1))
            x = np.ones((3, 1))
            features = found.features(x)
            shapes = (
                found.mean(x, features).shape,
                found.kernel(x, features, x, features).shape,
                found.works(features).shape,
            )
        except (KeyError, ValueError, IndexError):
            return False
        # every metric has its statistics
        return len(self.middle) == len(self.weights["metric.weight"]) and shapes == ((3, 1), (1, 3, 3), (3,))

    def linear(self, name: str, x: Real) -> Real:
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def _word(self, name: str, ids: NDArray[np.int64]) -> Real:
        """Embeddings; unknown words use the first one."""
        table = self.weights[f"{name}.weight"]
        return np.asarray(table[np.where(ids < len(table), ids, 0)])

    def _mlp(self, name: str, x: Real) -> Real:
        return self.linear(f"{name}.2", _silu(self.linear(f"{name}.0", x)))

    def _norm(self, name: str, x: Real) -> Real:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return np.asarray(scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])

    def _attention(self, name: str, asks: Real, told: Real) -> Real:
        width = asks.shape[1]

        def heads(layer: str, x: Real) -> Real:
            return self.linear(f"{name}.{layer}", x).reshape(len(x), HEADS, width // HEADS).transpose(1, 0, 2)

        score = heads("q", asks) @ heads("k", told).transpose(0, 2, 1) / math.sqrt(width // HEADS)
        score = np.exp(score - score.max(-1, keepdims=True))
        mixed = (score / score.sum(-1, keepdims=True)) @ heads("v", told)
        return self.linear(f"{name}.o", mixed.transpose(1, 0, 2).reshape(len(asks), width))

    def encode(self, graph: CircuitGraph, x: Real, points: Real, values: Real) -> Generated:
        """The output at a reference: changes x (p) against the graph's initial sizes, features of its operating points
        (d, 7), and its measured specs (k), nan for missing ones.
        """
        known = np.isfinite(values)
        metrics = np.where(graph.metrics < len(self.middle), graph.metrics, 0)
        told = np.where(known, (values - self.middle[metrics]) / self.spread[metrics], 0.0)
        told = np.clip(np.nan_to_num(told), -4, 4)
        d = self._mlp("device_in", np.hstack([graph.flags, graph.sizes_at(x), points]))
        d = d + self._word("kind", graph.kinds) + self._word("role", graph.roles)
        n = self._word("port", graph.ports) + self.linear("net_in", graph.net_features)
        k = self._mlp("spec_in", np.hstack([graph.spec_features, told[:, None], known[:, None]]))
        k = k + self._word("metric", graph.metrics) + self._word("template", graph.templates)
        width, count = d.shape[1], len(d)
        inner = ((graph.ports != PORTS.index("vdd")) & (graph.ports != PORTS.index("vss")))[:, None]
        terminals = np.where(graph.terminals < 0, len(n), graph.terminals).reshape(-1)
        g = np.zeros(width)
        for r in range(ROUNDS):
            at = np.vstack([n, np.zeros(width)])[terminals].reshape(count, 3 * width)
            g = self._mlp(f"whole.{r}", np.concatenate([d.sum(0) / 8, k.mean(0), d.mean(0)]))
            d = self._norm(
                f"device_norm.{r}",
                d + self._mlp(f"device_up.{r}", np.hstack([d, at, np.broadcast_to(g, (count, width))])),
            )
            got = np.zeros((len(n) + 1, width))
            np.add.at(got, terminals, self.linear(f"message.{r}", d).reshape(count * 3, width))
            n = self._norm(f"net_norm.{r}", n + self._mlp(f"net_up.{r}", np.hstack([n, got[:-1] * inner])))
        for r in range(2):
            k = self._norm(f"spec_norm.{3 * r}", k + self._attention(f"look.{r}", k, d))
            k = self._norm(f"spec_norm.{3 * r + 1}", k + self._attention(f"among.{r}", k, k))
            k = self._norm(f"spec_norm.{3 * r + 2}", k + self._mlp(f"spec_up.{r}", k))
        return self._generated(graph.powers, d, k, g)

    def _generated(self, powers: Real, d: Real, k: Real, g: Real) -> Generated:
        count, width = d.shape

        def per_parameter(name: str, weights: Real) -> Real:
            each = self.linear(name, d).reshape(count, QUANTITIES, -1)
            return np.asarray(np.einsum("dqp,dqh->ph", weights, each))

        sizes, film = self.linear("sizes", k), self.linear("film", g)
        rank = len(film) // 2
        slope = self.linear("slope", k) @ per_parameter("linear", powers).T / math.sqrt(width)
        length = self.linear("length", k) @ per_parameter("span", np.abs(powers)).T / math.sqrt(width)
        return Generated(
            self,
            per_parameter("input", powers),
            slope,
            _softplus(length + sizes[:, 2:3]) + 1e-3,
            self.linear("offset", g),
            1 + 0.3 * film[:rank],
            film[rank:],
            self.linear("out", k),
            _softplus(self.linear("spread", k) + sizes[:, 3:4]),
            np.exp(np.clip(sizes[:, 0], -6, 3)),
            np.exp(np.clip(sizes[:, 4], -8, 1)),
            np.exp(np.clip(sizes[:, 1], -9, -5.3)) + NOISE_FLOOR,
        )


def point_features(points: Real, supply: float) -> Real:
    """Features (…, 7) of operating points (…, 7): id, gm, gds, vth, vdsat, vgs, vds; 0 for missing points. The last one
    marks an existing point.
    """
    current, gm, gds, vth, vdsat, vgs, vds = np.moveaxis(np.asarray(points, float), -1, 0)
    good = np.isfinite(current) & np.isfinite(gm)
    current, gm, gds = (
        np.maximum(np.nan_to_num(one), least) for one, least in ((current, 1e-12), (gm, 1e-13), (gds, 1e-13))
    )
    found = np.stack(
        [
            np.log(current / 1e-5) / 3,
            gm / current / 12 - 1,
            np.log(gm / gds) / 3 - 1,
            (vds - vdsat) * 2,
            (vgs - vth) * 3,
            vds / supply,
            np.ones_like(gm),
        ],
        -1,
    )
    return np.where(good[..., None], np.nan_to_num(np.clip(found, -6, 6)), 0.0)


def _silu(x: Real) -> Real:
    return np.asarray(x / (1 + np.exp(-np.clip(x, -50, 50))))


def _softplus(x: Real) -> Real:
    return np.asarray(np.logaddexp(0.0, x))
