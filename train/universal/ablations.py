"""An ablation is the universal surrogate without one of its parts, on structures that it was not trained on. It shows
what the part contributes to the predictions.

    python -m eda_agent.train.universal.ablations [--records FOLDER] [--weights FILE]

The weights stay those of the whole surrogate, so an ablation without an input shows how much the trained network uses
it. A network that is trained without the input may compensate in part.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from eda_agent.agent.universal.graph import CircuitGraph, Real
from eda_agent.agent.universal.network import KNOTS, Generated, Network
from eda_agent.train.universal.calibration import arguments_of, predicted, row_of
from eda_agent.train.universal.lessons import Lesson


@dataclass(frozen=True)
class Inputs:
    """What the network reads at a reference; see `Network.encode`."""

    graph: CircuitGraph
    x: Real
    points: Real
    values: Real


def _same(one: Inputs) -> Inputs:
    return one


def _whole(one: Generated) -> Generated:
    return one


@dataclass(frozen=True)
class Without:
    """Changes of what the network reads, and of what it generates."""

    read: Callable[[Inputs], Inputs] = _same
    generated: Callable[[Generated], Generated] = _whole


def _none(array: Real) -> Real:
    return np.zeros_like(array)


PARTS: Mapping[str, Without] = {
    "whole": Without(),
    "mean": Without(generated=lambda one: replace(one, slope=_none(one.slope), out=_none(one.out))),
    "kernel of features": Without(generated=lambda one: replace(one, spread=_none(one.spread))),
    "kernel of sizes": Without(
        generated=lambda one: replace(one, rough=_none(one.rough) + 1e-6, rougher=_none(one.rougher))
    ),
    "operating points": Without(lambda one: replace(one, points=_none(one.points))),
    "roles": Without(lambda one: replace(one, graph=replace(one.graph, roles=_none(one.graph.roles)))),
    "measured values": Without(lambda one: replace(one, values=np.full_like(one.values, np.nan))),
}
"""Names of the parts → the surrogate without them."""


class Ablated(Network):
    """A network without a part."""

    without = PARTS["whole"]

    @classmethod
    def of(cls, network: Network, without: Without) -> Ablated:
        found = cls(**{field.name: getattr(network, field.name) for field in fields(network)})
        object.__setattr__(found, "without", without)
        return found

    def encode(self, graph: CircuitGraph, x: Real, points: Real, values: Real) -> Generated:
        told = self.without.read(Inputs(graph, x, points, values))
        return self.without.generated(super().encode(told.graph, told.x, told.points, told.values))


def table(network: Network, held: Iterable[Lesson], seed: int = 0) -> str:
    """The table in Markdown: error and negative log likelihood after `KNOTS` turns."""
    every = list(held)
    lines = [
        "| without | " + " | ".join(f"{turns} turn{'s' * (turns > 1)}" for turns in KNOTS) + " |",
        "| --- " * (len(KNOTS) + 1) + "|",
    ]
    for name, without in PARTS.items():
        ablated, cells = Ablated.of(network, without), []
        for turns in KNOTS:
            draw, rows = np.random.default_rng(seed), []
            with warnings.catch_warnings():
                # means of nothing are nan: specs that no design measured, ranks after one turn
                warnings.simplefilter("ignore", RuntimeWarning)
                for one in every:
                    if (found := predicted(ablated, one, turns, draw)) is not None:
                        size = found.spread
                        row = row_of(found.mean / size, found.deviation / size, found.truth / size)
                        rows.append((row.error, row.nll))
                error, nll = np.nanmean(rows, axis=0)
            cells.append(f"{error:.2f}; {nll:.2f}")
        lines.append(f"| {'nothing' if name == 'whole' else name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    network, held = arguments_of(
        "ablations", "Measure what the parts of the universal surrogate contribute.", arguments
    )
    sys.stdout.write(f"{len(held)} circuits of {len({one.shape for one in held})} structures\n\n{table(network, held)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
