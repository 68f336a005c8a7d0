"""SCBO: scalable constrained Bayesian optimisation (Eriksson & Poloczek, arXiv 2002.08526) on BoTorch. Needs the extra
`bo`.

One GP per spec models its margin. Thompson samples inside a trust region are ranked by the objectives if they meet
every constraint, else by total violation. The trust region is a fold over the history, as in the paper: success 10,
failure ⌈d⌉.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms.outcome import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch.quasirandom import SobolEngine

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import turn_seed
from eda_agent.agent.policies.training_data import training_data
from eda_agent.agent.turn import Proposal
from eda_agent.agent.turn_store import WORST, RankKey

START, LARGEST, SMALLEST = 0.8, 1.6, 0.5**7
SUCCESSES = 10
CANDIDATES = 1000
FIT_STEPS = 50


class ScboPolicy:
    name = "scbo"

    def __init__(self, seed: int):
        self.seed = seed

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        dimensions = len(space.parameters)
        first = max(10, dimensions)
        proposals = len(history.turns) - 1
        if proposals < first:
            point = SobolEngine(dimensions, scramble=True, seed=self.seed).draw(proposals + 1)[-1]
            return Proposal(space.from_unit(point.tolist()), policy=self.name)
        seed = turn_seed(self.seed, history, self.name)
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(seed)
            return Proposal(space.from_unit(self._next(history, first, seed).tolist()), policy=self.name)

    def _next(self, history: History, first: int, seed: int) -> torch.Tensor:
        inputs, margins = (torch.tensor(array, dtype=torch.double) for array in training_data(history))
        model = _fitted(inputs, margins)
        best = history.incumbent
        assert best is not None and best.sizing is not None
        center = torch.tensor(history.problem.space.to_unit(best.sizing), dtype=torch.double)
        side = trust_side(history.rank_keys, first, len(center))
        low, high = (center - side / 2).clamp(0, 1), (center + side / 2).clamp(0, 1)
        candidates = low + (high - low) * SobolEngine(len(center), scramble=True, seed=seed).draw(CANDIDATES).to(
            torch.double
        )
        moved = torch.rand(CANDIDATES, len(center)) <= min(20.0 / len(center), 1.0)
        moved[torch.arange(CANDIDATES), torch.randint(len(center), (CANDIDATES,))] = True
        candidates = torch.where(moved, candidates, center.expand_as(candidates))
        with torch.no_grad():
            sample = model.posterior(candidates).rsample(torch.Size([1]))[0]
        feasible = (sample >= 0).all(dim=1)
        if feasible.any():
            chosen = [column for column, spec in enumerate(history.problem.specs) if spec.objective] or list(
                range(sample.shape[1])
            )
            merit = sample[:, chosen].sum(dim=1)
            merit[~feasible] = -math.inf
            return candidates[int(merit.argmax())]
        return candidates[int(sample.clamp(max=0).sum(dim=1).argmax())]


def _fitted(inputs: torch.Tensor, outputs: torch.Tensor) -> SingleTaskGP:
    """Independent GPs of the columns of `outputs` (turns × specs), each with its own hyperparameters."""
    # BoTorch fits a batch of GPs in parallel, with the same result as one after the other, six times faster. The
    # simulator has no noise, and a given noise level need not be fitted: three times faster, and the fit does not fail
    noise = (1e-4 * outputs.var(dim=0).clamp(min=1e-8)).expand_as(outputs)
    model = SingleTaskGP(inputs, outputs, noise, outcome_transform=Standardize(outputs.shape[1]))
    fit_gpytorch_mll(
        ExactMarginalLogLikelihood(model.likelihood, model), optimizer_kwargs={"options": {"maxiter": FIT_STEPS}}
    )
    return model


def trust_side(keys: Sequence[RankKey | None], first: int, dimensions: int) -> float:
    """Side of the trust region after turns with these rank keys; it restarts at `START` after a collapse."""
    side, good, bad = START, 0, 0
    best = max((key for key in keys[: first + 1] if key), default=WORST)
    for found in keys[first + 1 :]:
        key = found or WORST
        good, bad = (good + 1, 0) if key > best else (0, bad + 1)
        best = max(best, key)
        if good == SUCCESSES:
            side, good = min(2 * side, LARGEST), 0
        elif bad == dimensions:
            side, bad = side / 2, 0
        if side < SMALLEST:
            side = START
    return side
