"""The trust-region policy: Bayesian optimisation with one Gaussian process a spec, around the incumbent.

After TuRBO (Eriksson et al., arXiv 1910.01739: a box around the best point, scaled by the length scales, that grows on success and
shrinks on failure) and SCBO (arXiv 2002.08526: one model a constraint). Ours, and why:

* the processes model the signed margins, and the acquisition is the expected improvement of the *score* that follows from them, by
  Monte Carlo: the score saturates at each target, so that surplus in one spec cannot pay for another;
* the box is a state of the history alone (a fold over the turns), so a resumed run goes on exactly as it would have;
* numpy and scipy only: it is the default of an installation without torch, and takes a tenth of a second a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import single_threaded, turn_rng
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real, fit
from eda_agent.agent.policies.training_data import training_data, weights
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.agent.turn_store import WORST, RankKey

START, LARGEST, SMALLEST = 0.8, 1.6, 0.02
"""Side of the box in units of the range: at first, at most, and when it is opened again."""
SUCCESSES, FAILURES = 2, 5
"""Turns with and without a better score in a row after which the box doubles or halves."""
CANDIDATES, DRAWS = 1500, 64
ROUNDS, PARENTS, CHILDREN = (1.0, 0.5), 25, 30
KNOWN_ROUNDS = (1.0, 1.0, 1.0, 0.5, 0.5, 0.25)
"""After the candidates come children of the most promising ones, nearer from round to round: improvements in many dimensions lie between random points.
There are more of them where more is known than the turns say: a good model is worth asking."""
REFIT_FROM = 60
"""From this many turns on, hyperparameters are only polished, from where they were."""


class Process(Protocol):
    """What the search asks of a model of one spec's margin."""

    @property
    def log_scales(self) -> Real: ...
    def predict(self, points: Real) -> tuple[Real, Real]: ...


class Known(Protocol):
    """What is known besides the turns: after a history, models of the specs' margins, and the chance (m,) that m×d positions work at all."""

    def processes(self, history: History) -> tuple[Sequence[Process], Callable[[Real], Real]]: ...


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

    def informed(self, history: History, since: int, side: float, known: Known, others: Sequence[Mapping[str, float]] = ()) -> Proposal:
        """The same where more is known than the turns say."""
        with single_threaded():
            return self._within(history, since - 1, side, others, *known.processes(history))

    def _propose(self, history: History, first: int, start: float, others: Sequence[Mapping[str, float]]) -> Proposal:
        space = history.problem.space
        proposals = len(history.turns) - 1
        if proposals < first or len(history.measured) < 3:
            # a third of a second, which who never explores need not wait
            from scipy.stats import qmc

            # the same Sobol points in every run of a seed, then around: points of low discrepancy see the whole box
            sequence = qmc.Sobol(len(space.parameters), rng=np.random.default_rng(self.seed)).random(_power_of_two(first + 1))
            position = sequence[proposals % len(sequence)]
            return Proposal(space.from_unit(position.tolist()), "exploring the ranges", policy=self.name)
        return self._within(history, first, start, others, self._fit(*training_data(history)), None)

    def _within(
        self, history: History, first: int, start: float, others: Sequence[Mapping[str, float]], processes: Sequence[Process],
        chance: Callable[[Real], Real] | None,
    ) -> Proposal:  # fmt: skip
        """The most promising of what lies inside the box."""
        space = history.problem.space
        side = box_side(history.rank_keys, first, start)
        rng = turn_rng(self.seed, history, self.name)
        best = history.incumbent
        assert best is not None and best.sizing is not None
        center = np.asarray(space.to_unit(best.sizing))
        draws = rng.standard_normal((DRAWS, len(processes)))

        def gains(points: Real) -> Real:
            found = self._gains(history, points, processes, best, draws)
            return found if chance is None else found * chance(points)

        candidates = self._candidates(history, center, processes, side, rng, others)
        gain = gains(candidates)
        for share in ROUNDS if chance is None else KNOWN_ROUNDS:
            children = self._children(history, candidates[np.argsort(-gain, kind="stable")[:PARENTS]], side * share, rng)
            candidates, gain = np.concatenate([candidates, children]), np.concatenate([gain, gains(children)])
        order = np.argsort(-gain, kind="stable").tolist()
        sizing, index = next(
            ((legal, index) for index in order if not history.tried(legal := space.from_unit(candidates[index].tolist()))),
            (space.from_unit(rng.random(len(center)).tolist()), order[0]),
        )
        what = "by what designs of the same structure measured, " if chance is not None else ""
        return Proposal(
            sizing, f"expected gain in score {gain[index]:.3g} {what}inside a box of {side:.2g} of the ranges", policy=self.name
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
        self, history: History, center: Real, processes: Sequence[Process], side: float, rng: np.random.Generator,
        others: Sequence[Mapping[str, float]],
    ) -> Real:  # fmt: skip
        """Legal positions inside the box, some everywhere, and what others propose."""
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
        positions = space.legal_units(np.concatenate([points, near, anywhere]))
        return np.concatenate([positions, np.array([space.to_unit(space.snap(other)) for other in others]).reshape(-1, dimensions)])

    def _children(self, history: History, parents: Real, side: float, rng: np.random.Generator) -> Real:
        """Legal positions around the most promising ones."""
        points = np.repeat(parents, CHILDREN, axis=0)
        moved = rng.random(points.shape) < rng.choice([1.0, 0.5, min(1.0, 3.0 / points.shape[1])], size=(len(points), 1))
        return history.problem.space.legal_units(points + moved * rng.normal(0.0, side / 10, points.shape))

    def _gains(self, history: History, candidates: Real, processes: Sequence[Process], best: Turn, draws: Real) -> Real:
        """The expected improvement of the score (of the merit once everything is met), and where there is none the mean score decides."""
        share = weights(history)
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
        return np.asarray(gain + 1e-9 * total.mean(axis=0))


def initial_count(dimensions: int) -> int:
    """Points of the first exploration."""
    return min(max(dimensions, 5), 12)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def box_side(keys: Sequence[RankKey | None], first: int, start: float = START) -> float:
    """The side of the box after turns with these rank keys: doubled after successes, halved after failures, opened again when it has closed.

    It is `start` after turn `first`.
    """
    side, good, bad = start, 0, 0
    best = max((key for key in keys[: first + 1] if key), default=WORST)
    for found in keys[first + 1 :]:
        key = found or WORST
        if key > (best[0] + 1e-3 * abs(best[0]) * (best[0] < 1), best[1]):
            good, bad = good + 1, 0
        else:
            good, bad = 0, bad + 1
        best = max(best, key)
        if good == SUCCESSES:
            side, good = min(2 * side, LARGEST), 0
        elif bad == FAILURES:
            side, bad = side / 2, 0
        if side < SMALLEST:
            side = START
    return side
