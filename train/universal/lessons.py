"""A lesson is a record in the form that the network reads: the circuit's graph, and for every design its changes and
its
measurements.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eda_agent.agent.universal.graph import METRIC_NAMES, CircuitGraph, Real, circuit_graph, transformed
from eda_agent.agent.universal.network import point_features
from eda_agent.agent.universal.posterior import Measured
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.train.designs import works
from eda_agent.train.tasks import check_structure
from eda_agent.train.universal.record import Record, read_record

HELD = 8
"""One structure in `HELD` is for validation."""
OWN = 1
"""Index of the design with the netlist's own sizes."""


@dataclass(frozen=True)
class Lesson:
    """`turns`: all designs. `bounds` (n, k): 1 if the true value is above, −1 if below. `working` (n): designs that
    work. `kind`,
    `shape`: of the circuit.
    """

    graph: CircuitGraph
    turns: Measured
    bounds: NDArray[np.int8]
    working: NDArray[np.bool_]
    positions: Real
    kind: str
    shape: str

    @property
    def exact(self) -> Real:
        """Values (n, k) that are not bounds."""
        return np.where(self.bounds == 0, self.turns.values, np.nan)

    @property
    def held(self) -> bool:
        """Whether its structure is one of those for validation."""
        return zlib.crc32(self.shape.encode()) % HELD == 0

    @property
    def tunes(self) -> bool:
        """Whether its structure is one of those for validation that give the widening."""
        return self.held and zlib.crc32(self.shape.encode()) // HELD % 2 == 0


def lesson(record: Record, problem: Problem) -> Lesson | None:
    """The lesson of a record; None if the circuit cannot be read. Raises `InputError` for the structure of a held-out
    circuit.
    """
    check_structure(record.topology.name, problem)
    graph = circuit_graph(problem)
    if graph is None:
        return None
    values = np.stack([transformed(spec, record.values[:, column]) for column, spec in enumerate(problem.specs)], -1)
    values[record.failed] = np.nan
    index = {label: place for place, label in enumerate(record.fets)}
    points = np.full((len(record.sizes), len(graph.labels), record.points.shape[2]), np.nan)
    for place, label in enumerate(graph.labels):
        if label in index:
            points[:, place] = record.points[:, index[label]]
    names = problem.spec_names
    rows = [
        {name: None if np.isnan(value) else value for name, value in zip(names, row, strict=True)}
        for row in record.values.tolist()
    ]
    able = np.array([works(problem, row) for row in rows]) & ~record.failed
    turns = Measured(np.log(record.sizes) - graph.initial, values, point_features(points, graph.supply))
    positions = np.array(
        [problem.space.to_unit(dict(zip(problem.space.names, row, strict=True))) for row in record.sizes.tolist()]
    )
    return Lesson(graph, turns, record.bounds, able, positions, record.kind, record.fingerprint)


def lessons(paths: Iterable[Path]) -> list[Lesson]:
    """The lessons of files of records; unreadable ones are left out."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            try:
                record = read_record(path)
                made = lesson(record, record.problem(Path(folder)))
            except InputError:
                continue
            if made is not None and np.isfinite(made.exact[OWN]).any():
                found.append(made)
    return found


def metric_statistics(taught: Sequence[Lesson]) -> tuple[Real, Real]:
    """Median and deviation of every metric's transformed values over working designs; 0 and 1 if there are too few."""
    middle, spread = np.zeros(len(METRIC_NAMES)), np.ones(len(METRIC_NAMES))
    for metric in range(len(METRIC_NAMES)):
        values = [
            one.exact[one.working, column] for one in taught for column in np.flatnonzero(one.graph.metrics == metric)
        ]
        seen = np.concatenate(values) if values else np.empty(0)
        seen = seen[np.isfinite(seen)]
        if len(seen) > 10:
            middle[metric], spread[metric] = np.median(seen), seen.std() + 1e-3
    return middle, spread


Batch = dict[str, Tensor]


def stacked(taught: Sequence[Lesson], references: Sequence[int], statistics: tuple[Real, Real]) -> Batch:
    """The inputs of `net.Net.encode` for some lessons, each at one of its designs, padded to the largest of them."""
    graphs = [one.graph for one in taught]
    devices, nets = (max(len(getattr(one, name)) for one in graphs) for name in ("kinds", "ports"))
    specs, parameters = max(len(one.metrics) for one in graphs), max(len(one.initial) for one in graphs)
    batch: dict[str, list[Real]] = {name: [] for name in _INPUTS}
    for one, reference in zip(taught, references, strict=True):
        graph, turns = one.graph, one.turns
        values = np.where(one.bounds[reference] == 0, turns.values[reference], np.nan)
        known = np.isfinite(values)
        measured = np.where(known, (values - statistics[0][graph.metrics]) / statistics[1][graph.metrics], 0.0)
        # terminals without a net, and those of padding, have the index after the batch's last net
        terminals = np.where(graph.terminals < 0, nets, graph.terminals)
        for name, array, shape, fill in (
            ("kinds", graph.kinds, (devices,), 0),
            ("roles", graph.roles, (devices,), 0),
            ("flags", graph.flags, (devices, None), 0),
            ("terminals", terminals, (devices, 3), nets),
            ("powers", graph.powers, (devices, 3, parameters), 0),
            ("sizes", graph.sizes_at(turns.x[reference]), (devices, 3), 0),
            ("points", turns.points[reference], (devices, None), 0),
            ("device_mask", np.ones(len(graph.kinds)), (devices,), 0),
            ("ports", graph.ports, (nets,), 0),
            ("net_features", graph.net_features, (nets, None), 0),
            ("net_mask", np.ones(len(graph.ports)), (nets,), 0),
            ("metrics", graph.metrics, (specs,), 0),
            ("templates", graph.templates, (specs,), 0),
            ("spec_features", graph.spec_features, (specs, None), 0),
            ("spec_mask", np.ones(len(graph.metrics)), (specs,), 0),
            ("measured", np.clip(np.nan_to_num(measured), -4, 4), (specs,), 0),
            ("known", known.astype(float), (specs,), 0),
        ):
            batch[name].append(
                padded(array, tuple(size or array.shape[place] for place, size in enumerate(shape)), fill)
            )
    return {name: _tensor(np.stack(rows)) for name, rows in batch.items()}


_INPUTS = (
    "kinds",
    "roles",
    "flags",
    "terminals",
    "powers",
    "sizes",
    "points",
    "device_mask",
    "ports",
    "net_features",
    "net_mask",
    "metrics",
    "templates",
    "spec_features",
    "spec_mask",
    "measured",
    "known",
)


def padded(array: Real, shape: Sequence[int], fill: float = 0.0) -> Real:
    found = np.full(shape, fill, array.dtype if array.dtype.kind in "ib" else np.float32)
    found[tuple(slice(size) for size in array.shape)] = array
    return found


def _tensor(array: Real) -> Tensor:
    return torch.as_tensor(array if array.dtype.kind == "i" else array.astype(np.float32))


def by_kind(taught: Sequence[Lesson]) -> Mapping[str, int]:
    return {kind: sum(one.kind == kind for one in taught) for kind in sorted({one.kind for one in taught})}
