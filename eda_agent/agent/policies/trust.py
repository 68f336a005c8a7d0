"""The trust-region policy: Bayesian optimisation with one Gaussian process a spec, around the incumbent.

After TuRBO (Eriksson et al., arXiv 1910.01739: a box around the best point, scaled by the length scales, that grows on success and
shrinks on failure) and SCBO (arXiv 2002.08526: one model a constraint). Ours, and why:

* the processes model the signed margins, and the acquisition is the expected improvement of the *score* that follows from them, by
  Monte Carlo: the score saturates at each target, so that surplus in one spec cannot pay for another;
* the box is a state of the history alone (a fold over the turns), so a resumed run goes on exactly as it would have;
* numpy and scipy only: it is the default of an installation without torch, and takes a tenth of a second a turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import qmc

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import single_threaded, turn_rng
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real, fit
from eda_agent.agent.policies.knowledge import knowledge, weights
from eda_agent.agent.shelf import WORST, Order
from eda_agent.agent.turn import Proposal, Turn

START, LARGEST, SMALLEST = 0.8, 1.6, 0.02
"""Side of the box in units of the range: at first, at most, and when it is opened again."""
SUCCESSES, FAILURES = 2, 5
"""Turns with and without a better score in a row after which the box doubles or halves."""
CANDIDATES, DRAWS = 1500, 64
REFIT_FROM = 60
"""From this many turns on, hyperparameters are only polished, from where they were."""


class TrustRegion:
    """Explores first, then searches. Where others have explored (`search`), it begins around their best."""

    name = "trust"

    def __init__(self, seed: int):
        self.seed = seed
        self.held: list[GaussianProcess] = []

    def propose(self, history: History) -> Proposal:
        with single_threaded():
            return self._propose(history, initial_count(len(history.problem.space.parameters)), START, ())

    def search(self, history: History, since: int, side: float, others: Sequence[Mapping[str, float]] = ()) -> Proposal:
        """A proposal without exploring: turns before number `since` were played by others, and the box is then `side` wide.

        `others`: sizings that compete with its own candidates.
        """
        with single_threaded():
            return self._propose(history, since - 1, side, others)

    def _propose(self, history: History, first: int, start: float, others: Sequence[Mapping[str, float]]) -> Proposal:
        space = history.problem.space
        dimensions = len(space.parameters)
        proposals = len(history.turns) - 1
        if proposals < first or len(history.measured) < 3:
            # the same Sobol points in every run of a seed, then around: points of low discrepancy see the whole box
            sequence = qmc.Sobol(dimensions, rng=np.random.default_rng(self.seed)).random(_power_of_two(first + 1))
            position = sequence[proposals % len(sequence)]
            return Proposal(space.from_unit(position.tolist()), "exploring the ranges", policy=self.name)
        inputs, margins = knowledge(history)
        processes = self._fit(inputs, margins)
        side = box_side(history.orders, first, start)
        rng = turn_rng(self.seed, history, self.name)
        best = history.incumbent
        assert best is not None and best.sizing is not None
        center = np.asarray(space.to_unit(best.sizing))
        candidates = self._candidates(history, center, processes, side, rng, others)
        index, expected = self._choose(history, candidates, processes, best, rng)
        return Proposal(
            space.from_unit(candidates[index].tolist()),
            f"expected gain in score {expected:.3g} inside a box of {side:.2g} of the ranges",
            policy=self.name,
        )

    def _fit(self, inputs: Real, margins: Real) -> list[GaussianProcess]:
        late = len(inputs) > REFIT_FROM and len(self.held) == margins.shape[1]
        result = []
        for column in range(margins.shape[1]):
            if late:
                held = self.held[column]
                result.append(fit(inputs, margins[:, column], (held.log_scales, held.log_variance), iterations=3))
            else:
                result.append(fit(inputs, margins[:, column]))
        self.held = result
        return result

    def _candidates(
        self, history: History, center: Real, processes: Sequence[GaussianProcess], side: float, rng: np.random.Generator,
        others: Sequence[Mapping[str, float]],
    ) -> Real:  # fmt: skip
        """Legal positions inside the box, some everywhere, and what others propose; designs already tried are left out."""
        space = history.problem.space
        dimensions = len(center)
        scales = np.exp(np.mean([process.log_scales for process in processes], axis=0))
        scales = np.clip(scales / np.exp(np.mean(np.log(scales))), 0.25, 4.0)
        low, high = np.maximum(center - side * scales / 2, 0.0), np.minimum(center + side * scales / 2, 1.0)
        points = low + (high - low) * rng.random((CANDIDATES, dimensions))
        # moving a few dimensions at a time is what finds improvements in many of them
        moved = rng.random((CANDIDATES, dimensions)) < rng.choice([1.0, 0.5, min(1.0, 3.0 / dimensions)], size=(CANDIDATES, 1))
        moved[np.arange(CANDIDATES), rng.integers(dimensions, size=CANDIDATES)] = True
        points = np.where(moved, points, center)
        near = np.clip(center + rng.normal(0.0, side / 10, (CANDIDATES // 5, dimensions)), 0.0, 1.0)
        anywhere = rng.random((CANDIDATES // 10, dimensions))
        sizings = [space.from_unit(point.tolist()) for point in np.concatenate([points, near, anywhere])]
        sizings += [space.snap(other) for other in others]
        fresh = [space.to_unit(sizing) for sizing in sizings if not history.tried(sizing)]
        return np.asarray(fresh) if fresh else anywhere

    def _choose(
        self, history: History, candidates: Real, processes: Sequence[GaussianProcess], best: Turn, rng: np.random.Generator
    ) -> tuple[int, float]:
        """The candidate with the largest expected improvement of the score (of the merit once everything is met)."""
        share = weights(history)
        draws = rng.standard_normal((DRAWS, len(processes)))
        total = np.zeros((DRAWS, len(candidates)))
        allmet = np.ones((DRAWS, len(candidates)), dtype=bool)
        surplus = np.zeros((DRAWS, len(candidates)))
        for column, (process, spec) in enumerate(zip(processes, history.problem.specs, strict=True)):
            mean, deviation = process.predict(candidates)
            sample = mean + draws[:, column : column + 1] * deviation
            total += share[column] * np.clip(1 + sample, 0.0, 1.0)
            allmet &= sample >= 0
            if spec.objective:
                surplus += share[column] * sample
        if best.met:
            merit = best.score.merit if best.score else 0.0
            gain = np.where(allmet, np.maximum(surplus - merit, 0.0), 0.0).mean(axis=0)
        else:
            gain = np.maximum(total - best.value, 0.0).mean(axis=0)
        # where no draw improves, the best mean decides
        index = int(np.argmax(gain + 1e-9 * total.mean(axis=0)))
        return index, float(gain[index])


def initial_count(dimensions: int) -> int:
    """Points of the first exploration."""
    return min(max(dimensions, 5), 12)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def box_side(orders: Sequence[Order | None], first: int, start: float = START) -> float:
    """The side of the box after turns of these orders: doubled after successes, halved after failures, opened again when it has closed.

    It is `start` after turn `first`.
    """
    side, good, bad = start, 0, 0
    best = max((order for order in orders[: first + 1] if order), default=WORST)
    for found in orders[first + 1 :]:
        order = found or WORST
        if order > (best[0] + 1e-3 * abs(best[0]) * (best[0] < 1), best[1]):
            good, bad = good + 1, 0
        else:
            good, bad = 0, bad + 1
        best = max(best, order)
        if good == SUCCESSES:
            side, good = min(2 * side, LARGEST), 0
        elif bad == FAILURES:
            side, bad = side / 2, 0
        if side < SMALLEST:
            side = START
    return side
