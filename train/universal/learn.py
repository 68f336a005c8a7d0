"""Training of the universal surrogate on records.

    python -m eda_agent.train.universal.learn [--records FOLDER] [--steps 6000] [--seconds 480] [--out FOLDER]

A step draws circuits and, for each, a reference design, 1 to 20 designs as context and others as queries. The loss is
the
Student-t predictive likelihood after that context; for a value that is only a bound, it is the probability beyond the
bound. A
piece that ends after `--seconds` stores a checkpoint, and the same command continues.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from eda_agent.agent.universal.checkpoint import FILE, write_network
from eda_agent.agent.universal.graph import Real
from eda_agent.agent.universal.network import Network
from eda_agent.agent.universal.posterior import FARTHEST, FREEDOM, PEAK
from eda_agent.train.universal.calibration import fitted_widening
from eda_agent.train.universal.lessons import OWN, Lesson, by_kind, lessons, metric_statistics, padded, stacked
from eda_agent.train.universal.make import default_folder
from eda_agent.train.universal.net import Net

CONTEXTS = (1, 1, 1, 2, 3, 5, 8, 12, 20)
QUERIES = 24
OWN_REFERENCE = 0.35
"""Share of circuits whose reference is the netlist's own sizes; for the others it is any working design."""
BATCH, RATE, WARM_UP = 12, 2e-3, 200
UNWORKING = 0.25
"""Weight of designs that do not work."""
WORKS_WEIGHT = 0.2


@dataclass
class Examples:
    """One step's batch: lessons at references, contexts (b, n) and queries (b, m) of designs."""

    taught: list[Lesson]
    references: list[int]
    contexts: Real
    queries: Real


def draw_examples(
    taught: Sequence[Lesson], draw: np.random.Generator, batch: int, context: int | None = None
) -> Examples:
    """`context`: number of known designs; drawn at random if None."""
    count = context or int(draw.choice(CONTEXTS))
    chosen = [taught[place] for place in draw.integers(len(taught), size=batch)]
    references = [
        OWN if draw.random() < OWN_REFERENCE or not one.working.any() else int(draw.choice(np.flatnonzero(one.working)))
        for one in chosen
    ]
    contexts = np.array(
        [
            [first, *draw.integers(len(one.working), size=count - 1)]
            for one, first in zip(chosen, references, strict=True)
        ]
    )
    # a design of the context is no question: after twenty of thirty the answer would mostly be known
    queries = np.array(
        [
            draw.choice(np.setdiff1d(np.arange(len(one.working)), known), QUERIES)
            for one, known in zip(chosen, contexts, strict=True)
        ]
    )
    return Examples(chosen, references, contexts, queries)


def loss_of(net: Net, examples: Examples, statistics: tuple[Real, Real]) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch, and its mean negative log likelihood and absolute error."""
    inputs = stacked(examples.taught, examples.references, statistics)
    specs, parameters = inputs["metrics"].shape[1], inputs["powers"].shape[-1]

    def told(which: Real) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x, y, bounds, working = [], [], [], []
        for one, reference, places in zip(examples.taught, examples.references, which, strict=True):
            x.append(padded(one.turns.x[places] - one.turns.x[reference], (len(places), parameters)))
            y.append(padded(one.turns.values[places] - one.turns.values[reference], (len(places), specs), np.nan))
            bounds.append(padded(one.bounds[places], (len(places), specs)))
            working.append(one.working[places])
        arrays = (np.stack(x), np.stack(y), np.stack(bounds), np.stack(working))
        return tuple(torch.as_tensor(array.astype(np.float32)) for array in arrays)  # type: ignore[return-value]  # there are four

    x, y, bounds, _ = told(examples.contexts)
    known = (torch.isfinite(y) & (bounds == 0)).float()
    asked, wanted, limits, working = told(examples.queries)
    there = torch.isfinite(wanted).float()
    wanted = wanted.nan_to_num().clamp(-FARTHEST, FARTHEST)
    mean, variance, works = net.posterior(
        net.encode(inputs), x, y.nan_to_num().clamp(-FARTHEST, FARTHEST), known, asked
    )
    weight = there * (UNWORKING + (1 - UNWORKING) * working)[..., None]
    exact = _student(wanted - mean, variance)
    beyond = -torch.special.log_ndtr(limits * (mean - wanted) / variance.sqrt()).clamp_min(-30)
    cost = (torch.where(limits == 0, exact, beyond) * weight).sum() / weight.sum()
    measurable = F.binary_cross_entropy_with_logits(
        works, (there + (1 - inputs["spec_mask"])[:, None]).amin(-1).clamp(max=1)
    )
    sure = weight * (limits == 0)
    error = ((wanted - mean).abs() * sure).sum() / sure.sum()
    return cost + WORKS_WEIGHT * measurable, {"nll": cost.item(), "error": error.item()}


def _student(error: Tensor, variance: Tensor) -> Tensor:
    """Negative log density of Student's t with `FREEDOM` degrees of freedom, which limit the influence of outliers."""
    return -PEAK + 0.5 * torch.log(variance) + (FREEDOM + 1) / 2 * torch.log1p(error**2 / (FREEDOM * variance))


@dataclass
class Training:
    """`step` of `steps`, with the state that a piece continues from."""

    net: Net
    statistics: tuple[Real, Real]
    steps: int
    step: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(self.net.parameters(), RATE, weight_decay=0.05)

    def go_on(self, taught: Sequence[Lesson], seconds: float, until: int | None = None) -> dict[str, float]:
        """Run steps until all are done (or number `until` is) or time is over; returns means over these steps."""
        begun, seen = time.monotonic(), []
        self.net.train()
        end = self.steps if until is None else until
        while self.step < end and time.monotonic() - begun < seconds:
            # a step's examples depend on its number alone, so a stopped training continues unchanged
            draw = np.random.default_rng([self.step, 17])
            torch.manual_seed(self.step)
            rate = (
                RATE
                * min(1.0, self.step / WARM_UP + 0.02)
                * max(0.02, math.cos(0.5 * math.pi * self.step / self.steps))
            )
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            loss, about = loss_of(self.net, draw_examples(taught, draw, BATCH), self.statistics)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            seen.append(about)
        self.seconds += time.monotonic() - begun
        return {name: float(np.mean([one[name] for one in seen])) for name in ("nll", "error")} if seen else {}

    def save(self, path: Path) -> None:
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "steps": self.steps,
            "seconds": self.seconds,
        }
        torch.save(
            state | {"middle": torch.as_tensor(self.statistics[0]), "spread": torch.as_tensor(self.statistics[1])}, path
        )

    @classmethod
    def load(cls, path: Path, net: Net) -> Training:
        state = torch.load(path, weights_only=True)
        net.load_state_dict(state["net"])
        made = cls(
            net, (state["middle"].numpy(), state["spread"].numpy()), state["steps"], state["step"], state["seconds"]
        )
        made.optimizer.load_state_dict(state["optimizer"])
        return made


@torch.no_grad()
def validation(
    net: Net, held: Sequence[Lesson], statistics: tuple[Real, Real], rounds: int = 6
) -> dict[int, dict[str, float]]:
    """The errors on structures that were not trained on, after 1, 5 and 20 designs."""
    net.eval()
    draw = np.random.default_rng(1)
    found = {}
    for context in (1, 5, 20):
        rows = [loss_of(net, draw_examples(held, draw, 2 * BATCH, context), statistics)[1] for _ in range(rounds)]
        found[context] = {name: float(np.mean([row[name] for row in rows])) for name in ("nll", "error")}
    return found


def exported(training: Training) -> Network:
    """The network as the package reads it."""
    return Network(
        {name: value.detach().numpy().astype(np.float64) for name, value in training.net.state_dict().items()},
        *training.statistics,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.universal.learn", description="Train the universal surrogate."
    )
    parser.add_argument(
        "--records", type=Path, default=None, help="folder written by make (default: in the user's cache)"
    )
    parser.add_argument(
        "--out", type=Path, default=None, help="folder of the checkpoint and the weights (default: beside the records)"
    )
    parser.add_argument("--steps", type=int, default=6000, help="steps of the whole training (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=480, help="time of this piece in s (default %(default)s)")
    parser.add_argument(
        "--structures", type=int, default=0, help="train on this number of structures only (default: all)"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    records = (options.records or default_folder()) / "records"
    out: Path = options.out or (options.records or default_folder()) / "model"
    out.mkdir(parents=True, exist_ok=True)
    everything = lessons(sorted(records.glob("*.npz")))
    held = [one for one in everything if one.held]
    taught = [one for one in everything if not one.held]
    if options.structures:
        some = sorted({one.shape for one in taught})[: options.structures]
        taught = [one for one in taught if one.shape in some]
    _say(
        {
            "taught": len(taught),
            "held": len(held),
            "structures": len({one.shape for one in taught}),
            "kinds": by_kind(taught),
        }
    )
    path = out / "training.pt"
    net = Net()
    training = Training.load(path, net) if path.exists() else Training(net, metric_statistics(taught), options.steps)
    begun = time.monotonic()
    while training.step < training.steps and (left := options.seconds - (time.monotonic() - begun)) > 0:
        seen = training.go_on(taught, min(left, 60.0))
        training.save(path)
        _say(
            {
                "step": training.step,
                "seconds": round(training.seconds),
                **seen,
                "held": validation(net, held, training.statistics) if held else {},
            }
        )
    about = {
        "steps": training.step,
        "seconds": round(training.seconds),
        "circuits": len(taught),
        "structures": len({one.shape for one in taught}),
        "simulations": sum(len(one.working) for one in taught),
        "kinds": by_kind(taught),
    }
    network = exported(training)
    network = replace(network, widening=fitted_widening(network, [one for one in held if one.tunes]))
    write_network(out / FILE, network, about)
    _say({"weights": str(out / FILE), "bytes": (out / FILE).stat().st_size, "done": training.step >= training.steps})
    return 0


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what, default=lambda value: round(value, 4)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
