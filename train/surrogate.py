"""Surrogate training fits one network per circuit to the circuit's pool and survey: it predicts the measurements of
designs from those of other designs.

    python -m eda_agent.train.surrogate train/recipes/embedded.yaml [--out FILE] [CIRCUIT …]

Pools and surveys that are not in the cache are simulated. Targets are not used, only measurements. Networks of circuits
that are not named stay unchanged in the file. Each network is written when it is done.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.parameter_map import ParameterRange
from eda_agent.agent.policies.surrogate import SURE, Network, correlation
from eda_agent.agent.policies.surrogate_checkpoint import (
    FILE,
    Quantity,
    SurrogateCheckpoint,
    read_checkpoint,
    structure_key,
    write_surrogates,
)
from eda_agent.agent.policies.surrogate_prior import scaled
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.sizes import sizes
from eda_agent.simulation.executors import open_pool
from eda_agent.train.pool import Pool
from eda_agent.train.recipe import load_recipe
from eda_agent.train.sources import open_sources
from eda_agent.train.survey import survey
from eda_agent.train.tasks import spec_file

STEPS, BATCH, RATE = 60_000, 24, 4e-3
SEEN, ASKED = 4, 24
"""Maximum numbers of context designs and of query designs per condition in a training step."""
OWN = 0.5
"""Share of conditions whose only context is the netlist's own sizes, as at the start of a run."""
FORGOTTEN = 0.1
"""Share of the context measurements that are hidden."""
WIDTH, SMALL, DESCRIPTION = 128, 64, 24
HELD = 16
"""One condition in `HELD` is kept out of training, to estimate noise, length scales and the network's errors."""
COMMON, LENGTHS, NOISES = (0.0, 0.1, 0.3, 0.6), (0.1, 0.2, 0.3, 0.5), (0.01, 0.1, 0.5)
LIKELY = 40
"""Number of designs per condition for these estimates."""


@dataclass(frozen=True)
class Lesson:
    """The designs of one condition: positions (n, d) and quantities (n, q) in the scale in which margins are linear,
    NaN if unmeasurable.
    The second design is the netlist's own.
    """

    points: Real
    values: Real

    @property
    def whole(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.values).all(1))


def lessons(pool: Pool) -> list[Lesson]:
    """The lessons of a pool or survey, one per condition."""
    values = np.stack([scaled(spec, pool.values[..., column]) for column, spec in enumerate(pool.problem.specs)], -1)
    values = np.where(pool.failed[..., None], np.nan, values)
    return [Lesson(points, rows) for points, rows in zip(pool.positions, values, strict=True)]


class Net(nn.Module):
    """The network of `agent.policies.surrogate`, in torch."""

    def __init__(self, parameters: int, quantities: int):
        super().__init__()
        self.quantities = quantities
        self.see0, self.see1 = nn.Linear(parameters + 2 * quantities, SMALL), nn.Linear(SMALL, SMALL)
        self.see2 = nn.Linear(SMALL, DESCRIPTION)
        self.say0, self.say1 = nn.Linear(parameters + DESCRIPTION, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.say2 = nn.Linear(WIDTH, 2 * quantities + 1)
        self.skip = nn.Linear(parameters + DESCRIPTION, quantities)

    def forward(
        self, points: Tensor, values: Tensor, known: Tensor, real: Tensor, asked: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Context: points (b, n, d), standardised values (b, n, q), mask of the known values (b, n, q), mask of designs
        that are not padding
        (b, n). Queries: (b, m, d).

        Returns mean and log variance (b, m, q) and the logit of being measurable (b, m).
        """
        seen = torch.cat([2 * points - 1, values * known, known], -1)
        each = self.see2(F.silu(self.see1(F.silu(self.see0(seen)))))
        condition = (each * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        given = torch.cat([2 * asked - 1, condition[:, None].expand(-1, asked.shape[1], -1)], -1)
        answer = self.say2(F.silu(self.say1(F.silu(self.say0(given)))))
        count = self.quantities
        return answer[..., :count] + self.skip(given), answer[..., count : 2 * count].clamp(*SURE), answer[..., -1]


def fit(taught: Sequence[Lesson], steps: int = STEPS, seed: int = 0) -> tuple[Net, dict[str, Real]]:
    """A trained network and the scales of its quantities."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    everything = np.concatenate([lesson.values[lesson.whole] for lesson in taught])
    low, high = np.quantile(everything, [0.01, 0.99], axis=0)
    cut = np.clip(everything, low, high)
    spread = cut.std(0) + 1e-12
    # a target may ask for more than nearly all designs measure
    low, high = low - spread, high + spread
    told = {"middle": cut.mean(0), "spread": spread, "low": low, "high": high}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Net(taught[0].points.shape[1], len(low)).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    longest = max(len(lesson.points) for lesson in taught)
    points = np.zeros((len(taught), longest, net.see0.in_features - 2 * len(low)), dtype=np.float32)
    values = np.zeros((len(taught), longest, len(low)), dtype=np.float32)
    finite = np.zeros(values.shape, dtype=np.float32)
    for number, lesson in enumerate(taught):
        count = len(lesson.points)
        points[number, :count], finite[number, :count] = lesson.points, np.isfinite(lesson.values)
        values[number, :count] = np.nan_to_num((np.clip(lesson.values, low, high) - told["middle"]) / told["spread"])
    counts = np.array([len(lesson.points) for lesson in taught])
    everywhere, measured, there = (torch.tensor(array, device=device) for array in (points, values, finite))
    for _ in range(steps):
        chosen = draw.integers(len(taught), size=BATCH)
        seen = (draw.random((BATCH, SEEN)) * counts[chosen, None]).astype(int)
        told_by = np.where(draw.random(BATCH) < 0.5, 1, draw.integers(1, SEEN + 1, BATCH))
        own = draw.random(BATCH) < OWN
        seen[own, 0], told_by[own] = 1, 1
        asked = torch.tensor((draw.random((BATCH, ASKED)) * counts[chosen, None]).astype(int), device=device)
        row, told_ = torch.tensor(chosen, device=device)[:, None], torch.tensor(seen, device=device)
        real = torch.tensor(np.arange(SEEN)[None, :] < told_by[:, None], dtype=torch.float32, device=device)
        known = there[row, told_] * torch.tensor(draw.random((BATCH, SEEN, len(low))) >= FORGOTTEN, device=device)
        mean, variance, works = net(everywhere[row, told_], measured[row, told_], known, real, everywhere[row, asked])
        wanted, good = measured[row, asked], there[row, asked]
        # weighted by the deviation itself, so that a large predicted variance does not remove the gradient (Seitzer et
        # al., arXiv 2203.09168)
        cost = ((wanted - mean) ** 2 * torch.exp(-variance) + variance) * torch.exp(0.5 * variance).detach()
        loss = (cost.clamp(max=20.0) * good).mean() + F.binary_cross_entropy_with_logits(works, good.amin(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return net.cpu(), told


def network(net: Net, told: dict[str, Real], held: Sequence[Lesson]) -> Network:
    """The network's data with its errors under the conditions that were kept out of training."""
    layers = {name: value.detach().numpy().astype(np.float64) for name, value in net.state_dict().items()}
    ones = np.ones(net.quantities)
    plain = Network(layers, **told, size=ones, common=0 * ones, length=ones, noise=ones)
    options = list(product(COMMON, LENGTHS, NOISES))
    costs, powers, total = np.zeros((len(options), net.quantities)), np.zeros((len(options), net.quantities)), 0
    for lesson in held:
        if not lesson.whole[1]:
            continue
        inside = np.flatnonzero(lesson.whole)[:LIKELY]
        mean, deviation, _ = plain.predict(
            plain.describe(lesson.points[1:2], lesson.values[1:2]), lesson.points[inside]
        )
        error = np.clip((np.clip(lesson.values[inside], told["low"], told["high"]) - mean) / deviation, -5, 5)
        total += len(inside)
        for number, (common, length, noise) in enumerate(options):
            matrix = correlation(lesson.points[inside], lesson.points[inside], common, length) + noise * np.eye(
                len(inside)
            )
            factor = np.linalg.cholesky(matrix)
            powers[number] += (np.linalg.solve(factor, error) ** 2).sum(0)
            costs[number] += np.log(np.diag(factor)).sum()
    sizes = powers / max(total, 1)
    best = (costs + 0.5 * total * np.log(sizes + 1e-30)).argmin(0)
    common, length, noise = np.array(options)[best].T
    return Network(
        layers, **told, size=sizes[best, np.arange(net.quantities)], common=common, length=length, noise=noise
    )


def fit_checkpoint(pools: Sequence[Pool], steps: int = STEPS) -> tuple[SurrogateCheckpoint, Real]:
    """The data of a circuit, and the mean error of every quantity under the conditions kept out, as a share of its
    spread.
    """
    everything = [lesson for pool in pools for lesson in lessons(pool) if lesson.whole.sum() > 2]
    held = everything[::HELD]
    taught = [lesson for number, lesson in enumerate(everything) if number % HELD]
    net, told = fit(taught, steps)
    made = network(net, told, held)
    missed = []
    for lesson in held:
        mean, _, _ = made.predict(made.describe(lesson.points[1:2], lesson.values[1:2]), lesson.points[lesson.whole])
        missed.append((np.abs(made.normalised(mean) - made.normalised(lesson.values[lesson.whole]))).mean(0))
    problem = pools[0].problem
    ranges = tuple(ParameterRange(one.minimum, one.maximum, one.scale == "log") for one in problem.space.parameters)
    measured = sizes(problem)
    assert measured is not None, problem.name
    return SurrogateCheckpoint(measured, ranges, tuple(Quantity.of(spec) for spec in problem.specs), made), np.mean(
        missed, 0
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.surrogate", description="Make the surrogates of a recipe's circuits."
    )
    parser.add_argument("recipe", type=Path)
    parser.add_argument("circuit", nargs="*", help="all of the recipe where none is named")
    parser.add_argument(
        "--out", type=Path, default=Path(str(resources.files("eda_agent.agent.language"))) / "weights" / FILE
    )
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe)
    torch.set_num_threads(recipe.threads or 1)
    named = options.circuit or list(recipe.circuits)
    if unknown := [name for name in named if name not in recipe.circuits]:
        raise InputError(
            f"{', '.join(unknown)}: not in {options.recipe}\n    → name some of {', '.join(recipe.circuits)}"
        )
    bases = {name: load_problem(spec_file(name)) for name in recipe.circuits}
    old = {structure_key(base): read_checkpoint(options.out, base) for base in bases.values()}
    checkpoints = {key: checkpoint for key, checkpoint in old.items() if checkpoint is not None}
    executor = open_pool(recipe.workers, recipe.cluster)
    try:
        for name in named:
            # composed circuits come after this one and have no surrogate of their own
            source = next(open_sources(replace(recipe, circuits=(name,)), executor))
            begun = time.monotonic()
            found, missed = fit_checkpoint([survey(recipe, name, source.pool, executor), source.pool], options.steps)
            checkpoints[structure_key(bases[name])] = found
            write_surrogates(options.out, checkpoints)
            errors = ", ".join(
                f"{spec.name} {error:.3f}" for spec, error in zip(bases[name].specs, missed, strict=True)
            )
            sys.stdout.write(f"{name}: mean error in deviations {errors}; {time.monotonic() - begun:.0f} s\n")
            sys.stdout.flush()
    finally:
        executor.close()
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
