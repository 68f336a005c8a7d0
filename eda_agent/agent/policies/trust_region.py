"""The trust-region policy is Bayesian optimisation with one Gaussian process per spec, around the incumbent.

It follows TuRBO (Eriksson et al., arXiv 1910.01739: a box around the best point, scaled by the length scales, that
grows on success and shrinks on failure) and SCBO (arXiv 2002.08526: one model per constraint). It differs in three
points:

* The processes model the signed margins, and whether a spec can be measured. The acquisition is the expected
  improvement of the *score* (`expected_gain`).
* The box depends on the history alone (a fold over the turns), so a resumed run continues in the same way.
* It needs only numpy and scipy. It is the search of an installation without torch, and takes a tenth of a second per
turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import single_threaded, turn_rng
from eda_agent.agent.policies.expected_gain import Beliefs, ExpectedGain, Process
from eda_agent.agent.policies.gaussian_process import GaussianProcess, Real, fit
from eda_agent.agent.policies.measurement_chance import even, processes_of_measured, spec_chances
from eda_agent.agent.policies.training_data import measured, training_data
from eda_agent.agent.turn import Proposal
from eda_agent.agent.turn_store import WORST, RankKey

START, LARGEST, SMALLEST = 0.8, 1.6, 0.02
"""Side of the box in units of the range: initial, largest, and smallest before it restarts."""
SUCCESSES, FAILURES = 2, 5
"""Consecutive turns with and without a better score after which the box doubles or halves."""


@dataclass(frozen=True)
class Plan:
    """How candidates are drawn: `candidates` at random, then `children` around each of the `parents` most promising
    ones, in rounds with radii relative to the box. Improvements in many dimensions lie between random points.
    """

    candidates: int
    parents: int
    children: int
    rounds: tuple[float, ...]


PLAN = Plan(1500, 25, 30, (1.0, 0.5))
KNOWN_PLAN = Plan(600, 8, 16, (1.0, 1.0, 1.0, 0.7, 0.7, 0.5, 0.5, 0.25, 0.25, 0.12))
"""With a prior, whose predictions cost more: many rounds of few candidates find as much gain as few rounds of many."""
REFIT_FROM = 60
"""Number of turns from which hyperparameters are only adjusted from their last values."""


class Known(Protocol):
    """A prior besides the turns: the beliefs after a history. `basis`: what it knows that from, in words."""

    @property
    def basis(self) -> str: ...
    def beliefs(self, history: History) -> Beliefs: ...


class TrustRegion:
    """Explores first, then searches. After turns of other policies (`search`) it starts around their best."""

    name = "trust"

    def __init__(self, seed: int):
        self.seed = seed
        self.held: list[GaussianProcess] = []

    def propose(self, history: History) -> Proposal:
        with single_threaded():
            return self._propose(history, initial_count(len(history.problem.space.parameters)), START, ())

    def search(self, history: History, since: int, side: float, others: Sequence[Mapping[str, float]] = ()) -> Proposal:
        """A proposal without exploration: turns before number `since` were proposed by others, and the box is then
        `side` wide.

        `others`: sizings that compete with its own candidates.
        """
        with single_threaded():
            return self._propose(history, since - 1, side, others)

    def informed(
        self, history: History, since: int, side: float, known: Known, others: Sequence[Mapping[str, float]] = ()
    ) -> Proposal:
        """The same with a prior besides the turns."""
        with single_threaded():
            return self._within(history, since - 1, side, others, known.beliefs(history), known.basis)

    def _propose(self, history: History, first: int, start: float, others: Sequence[Mapping[str, float]]) -> Proposal:
        space = history.problem.space
        proposals = len(history.turns) - 1
        if proposals < first or len(history.measured) < 3:
            # the import takes a third of a second and is needed only for exploration
            from scipy.stats import qmc

            # the same Sobol points in every run of a seed: points of low discrepancy cover the whole box
            sequence = qmc.Sobol(len(space.parameters), rng=np.random.default_rng(self.seed)).random(
                _power_of_two(first + 1)
            )
            position = sequence[proposals % len(sequence)]
            return Proposal(space.from_unit(position.tolist()), "exploring the ranges", policy=self.name)
        return self._within(history, first, start, others, self._beliefs(history))

    def _within(
        self,
        history: History,
        first: int,
        start: float,
        others: Sequence[Mapping[str, float]],
        beliefs: Beliefs,
        basis: str = "",
    ) -> Proposal:
        """The most promising candidate inside the box. `basis`: of a prior."""
        space = history.problem.space
        side = box_side(history.rank_keys, first, start)
        rng = turn_rng(self.seed, history, self.name)
        best = history.incumbent
        assert best is not None and best.sizing is not None
        center = np.asarray(space.to_unit(best.sizing))
        gains = ExpectedGain(history, beliefs, rng)
        plan = KNOWN_PLAN if basis else PLAN
        candidates = self._candidates(history, center, beliefs.processes, side, rng, others, plan.candidates)
        gain = gains(candidates)
        for share in plan.rounds:
            parents = candidates[np.argsort(-gain, kind="stable")[: plan.parents]]
            children = self._children(history, parents, side * share, rng, plan.children)
            candidates, gain = np.concatenate([candidates, children]), np.concatenate([gain, gains(children)])
        order = np.argsort(-gain, kind="stable").tolist()
        sizing, index = next(
            (
                (legal, index)
                for index in order
                if not history.tried(legal := space.from_unit(candidates[index].tolist()))
            ),
            (space.from_unit(rng.random(len(center)).tolist()), order[0]),
        )
        source = f", by {basis}" if basis else ""
        return Proposal(
            sizing,
            f"expected gain in score {gain[index]:.3g}{source}; steps of about {50 * side:.2g} % of the ranges",
            policy=self.name,
        )

    def _beliefs(self, history: History) -> Beliefs:
        """Processes on the turns. Those of specs that some turns could not measure are fitted to the others."""
        inputs, margins = training_data(history)
        seen = measured(history)
        if seen.all():
            return Beliefs(self._fit(inputs, margins))
        self.held = []
        return Beliefs(processes_of_measured(inputs, np.where(seen, margins, np.nan)), spec_chances(even, inputs, seen))

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
        others: Sequence[Mapping[str, float]], count: int,
    ) -> Real:  # fmt: skip
        """Legal positions inside the box, some everywhere, and the proposals of others."""
        space = history.problem.space
        dimensions = len(center)
        scales = np.exp(np.mean([process.log_scales for process in processes], axis=0))
        scales = np.clip(scales / np.exp(np.mean(np.log(scales))), 0.25, 4.0)
        low, high = np.maximum(center - side * scales / 2, 0.0), np.minimum(center + side * scales / 2, 1.0)
        points = low + (high - low) * rng.random((count, dimensions))
        # changes of a few dimensions find improvements in many of them
        moved = rng.random((count, dimensions)) < rng.choice([1.0, 0.5, min(1.0, 3.0 / dimensions)], size=(count, 1))
        moved[np.arange(count), rng.integers(dimensions, size=count)] = True
        points = np.where(moved, points, center)
        near = np.clip(center + rng.normal(0.0, side / 10, (count // 5, dimensions)), 0.0, 1.0)
        anywhere = rng.random((count // 10, dimensions))
        positions = space.legal_units(np.concatenate([points, near, anywhere]))
        return np.concatenate(
            [positions, np.array([space.to_unit(space.snap(other)) for other in others]).reshape(-1, dimensions)]
        )

    def _children(self, history: History, parents: Real, side: float, rng: np.random.Generator, count: int) -> Real:
        """Legal positions around the most promising ones."""
        points = np.repeat(parents, count, axis=0)
        moved = rng.random(points.shape) < rng.choice(
            [1.0, 0.5, min(1.0, 3.0 / points.shape[1])], size=(len(points), 1)
        )
        return history.problem.space.legal_units(points + moved * rng.normal(0.0, side / 10, points.shape))


def initial_count(dimensions: int) -> int:
    """Number of points of the first exploration."""
    return min(max(dimensions, 5), 12)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def box_side(keys: Sequence[RankKey | None], first: int, start: float = START) -> float:
    """The side of the box after turns with these rank keys: doubled after successes, halved after failures, restarted
    after a collapse.

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
