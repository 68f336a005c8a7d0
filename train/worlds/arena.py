"""An arena is one circuit read at one of its recorded designs, with all of its recorded designs as tensors.

A `Kit` has many arenas, padded to the same size. The network's weights and the records determine it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from eda_agent.agent.score import margin_lines
from eda_agent.agent.universal.graph import METRIC_NAMES, Real
from eda_agent.agent.universal.network import Network
from eda_agent.problem.spec import Problem, Spec
from eda_agent.train.universal.lessons import OWN, Lesson, padded, stacked
from eda_agent.train.universal.net import Net
from eda_agent.train.worlds.fitting import fitting

REFERENCES = 3
"""Maximum number of designs at which a circuit is read; the first is the netlist's own."""
FEWEST = 3
"""Minimum number of specs that can be measured at the reference."""
ENCODED = 16


@dataclass(frozen=True)
class Circuit:
    """A lesson with what the worlds need of its problem.

    `low`, `high` (p): ends of the ranges. `logarithmic` (p). `slopes` (k): margin per transformed value. `slack` (k):
    largest distance of a target from the design that meets it, transformed.
    """

    name: str
    lesson: Lesson
    low: Real
    high: Real
    logarithmic: Real
    slopes: Real
    slack: Real


@dataclass(frozen=True)
class Kit:
    """Arenas a, all tensors padded. `generated`: the network's output, see `Net.encode`. `low`, `high`, `logarithmic`
    (a, p): ranges. `zero` (a, p): logarithms of the reference's sizes; `start` (a, p): its positions. `slopes`,
    `slack`, `specs` (a, k): see `Circuit`; `specs` is 1 for existing ones. `parameters` (a, p): 1 for existing ones.
    `x` (a, n, p), `y`, `known` (a, n, k): recorded changes against the reference. `goals` (a, n): designs that may
    define a target. `held` (a): whether the structure is for validation. `circuits`: its name, by arena.
    """

    net: Net
    generated: dict[str, Tensor]
    low: Tensor
    high: Tensor
    logarithmic: Tensor
    zero: Tensor
    start: Tensor
    slopes: Tensor
    slack: Tensor
    specs: Tensor
    parameters: Tensor
    x: Tensor
    y: Tensor
    known: Tensor
    goals: Tensor
    held: Tensor
    circuits: tuple[str, ...]

    def take(self, rows: Tensor) -> Kit:
        """The arenas of these numbers, which may repeat."""
        chosen = {name: getattr(self, name)[rows] for name in _ARRAYS}
        generated = {name: value[rows] for name, value in self.generated.items()}
        return Kit(self.net, generated, **chosen, circuits=())

    def changes(self, positions: Tensor) -> Tensor:
        """Changes (b, m, p) of the sizes' logarithms against the reference, of positions (b, m, p)."""
        low, high = self.low[:, None], self.high[:, None]
        values = torch.where(
            self.logarithmic[:, None] > 0,
            low.log() + positions * (high / low).log(),
            (low + positions * (high - low)).log(),
        )
        return values - self.zero[:, None]


_ARRAYS = (
    "low",
    "high",
    "logarithmic",
    "zero",
    "start",
    "slopes",
    "slack",
    "specs",
    "parameters",
    "x",
    "y",
    "known",
    "goals",
    "held",
)


def circuits(paths: Iterable[Path]) -> list[Circuit]:
    """The circuits of files of records that fit; others are left out."""
    return [_circuit(one.path.stem, one.lesson, one.problem) for one in fitting(paths)]


def _circuit(name: str, made: Lesson, problem: Problem) -> Circuit:
    parameters = problem.space.parameters
    lines = [margin_lines(spec)[0][0] for spec in problem.specs]
    return Circuit(
        name,
        made,
        np.array([one.minimum for one in parameters]),
        np.array([one.maximum for one in parameters]),
        np.array([float(one.scale == "log") for one in parameters]),
        np.array(lines) * made.graph.scales,
        np.array([_slack(spec, scale) for spec, scale in zip(problem.specs, made.graph.scales.tolist(), strict=True)]),
    )


def _slack(spec: Spec, scale: float) -> float:
    """The largest slack of `designs.slack`, transformed: 8 % of the value, 1.6 dB, 4 degrees."""
    if spec.metric.ramp == "log":
        return 0.08
    whole = {"dB": 20.0, "deg": 50.0}.get(spec.metric.unit, abs(spec.target))
    return 0.08 * whole / scale


def _references(taught: Lesson) -> list[int]:
    """The netlist's own design, and others that work, evenly spread over the record."""
    whole = np.flatnonzero(taught.working & np.isfinite(taught.exact).all(1))
    others = [int(one) for one in whole if one != OWN]
    step = max(1, len(others) // (REFERENCES - 1))
    own = [OWN] if np.isfinite(taught.exact[OWN]).sum() >= FEWEST else []
    return own + others[::step][: REFERENCES - 1]


def torch_net(network: Network) -> Net:
    """The network of the package in torch. Words that it was not taught read as the first one, as in the package."""
    net = Net()
    own = net.state_dict()
    net.load_state_dict(
        {name: torch.as_tensor(_extended(value, len(own[name]))) for name, value in network.weights.items()}
    )
    net.requires_grad_(False).eval()
    return net


def _extended(table: Real, size: int) -> Real:
    """A table with the rows of later words."""
    return np.concatenate([table, np.repeat(table[:1], size - len(table), 0)]) if len(table) < size else table


def kit_of(network: Network, found: Sequence[Circuit]) -> Kit:
    """All arenas of circuits. Raises `ValueError` if there is none."""
    net = torch_net(network)
    pairs = [(one, place) for one in found for place in _references(one.lesson)]
    if not pairs:
        raise ValueError("there is no circuit with enough measured specs")
    size = len(METRIC_NAMES)
    statistics = _extended(network.middle[:, None], size)[:, 0], _extended(network.spread[:, None], size)[:, 0]
    parts = []
    with torch.no_grad():
        for begin in range(0, len(pairs), ENCODED):
            part = pairs[begin : begin + ENCODED]
            parts.append(net.encode(stacked([one.lesson for one, _ in part], [place for _, place in part], statistics)))
    p, k = (max(len(getattr(one.lesson.graph, name)) for one in found) for name in ("initial", "metrics"))
    n = max(len(one.lesson.working) for one in found)
    rows = [_row(one, place, p, k, n) for one, place in pairs]
    arrays = {name: torch.as_tensor(np.stack([row[name] for row in rows]).astype(np.float32)) for name in _ARRAYS}
    return Kit(net, _joined(parts, p, k), **arrays, circuits=tuple(one.name for one, _ in pairs))


def _row(one: Circuit, place: int, p: int, k: int, n: int) -> dict[str, Real]:
    taught = one.lesson
    known = np.isfinite(taught.exact) & np.isfinite(taught.exact[place])
    specs = np.isfinite(taught.exact[place])
    y = np.where(known, taught.exact - np.where(specs, taught.exact[place], 0.0), 0.0)
    goals = taught.working & known[:, specs].all(1) & (np.arange(len(known)) != place)
    zero = taught.graph.initial + taught.turns.x[place]
    return {
        "low": padded(one.low, (p,), 1.0),
        "high": padded(one.high, (p,), 1.0),
        "logarithmic": padded(one.logarithmic, (p,)),
        "zero": padded(zero, (p,)),
        "start": padded(taught.positions[place], (p,)),
        "slopes": padded(one.slopes, (k,)),
        "slack": padded(one.slack, (k,)),
        "specs": padded(specs.astype(float), (k,)),
        "parameters": padded(np.ones(len(zero)), (p,)),
        "x": padded(taught.turns.x - taught.turns.x[place], (n, p)),
        "y": padded(y, (n, k)),
        "known": padded(known.astype(float), (n, k)),
        "goals": padded(goals.astype(float), (n,)),
        "held": np.array(float(taught.held)),
    }


def _joined(parts: Sequence[dict[str, Tensor]], p: int, k: int) -> dict[str, Tensor]:
    """The network's output of all batches; padding has variance 1 and no slope."""
    sizes = {
        "input": (p, None), "slope": (k, p), "inverse_length": (k, p), "out": (k, None), "spread": (k, None),
        "rough": (k,), "rougher": (k,), "noise": (k,),
    }  # fmt: skip
    found = {}
    for name in parts[0]:
        rows = [row for part in parts for row in part[name]]
        if name in sizes:
            fill = 1.0 if name in ("rough", "rougher", "noise") else 0.0
            shape = [size or rows[0].shape[place] for place, size in enumerate(sizes[name])]
            rows = [_fitted(row, shape, fill) for row in rows]
        found[name] = torch.stack(rows)
    return found


def _fitted(row: Tensor, shape: Sequence[int], fill: float) -> Tensor:
    """A row cut or padded to a shape."""
    found = row.new_full(tuple(shape), fill)
    inner = tuple(slice(min(a, b)) for a, b in zip(row.shape, shape, strict=True))
    found[inner] = row[inner]
    return found
