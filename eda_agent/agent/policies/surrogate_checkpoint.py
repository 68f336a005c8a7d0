"""A surrogate checkpoint holds one circuit's network and the names of its inputs and outputs.

A circuit is identified by its structure and process. Parameters are matched by the sizes of the devices, and specs by
their metrics. Another netlist of the same circuit, with other names, other parameters or locked ones, therefore finds
the same checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.parameter_map import ParameterMap, ParameterRange
from eda_agent.agent.policies.surrogate import LAYERS, Network, Surrogate
from eda_agent.files import DAMAGED_ARRAYS
from eda_agent.problem.spec import Problem, Spec
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.problem.structure.sizes import COPIES, Sizes, sizes

FILE = "surrogates.npz"
"""File beside the weights of the embedded model: arrays of numbers and one of JSON text; nothing in it is executed."""
HINT = 0.03
"""Weight of the split of widths into fingers, relative to the widths themselves."""
_NUMBERS = ("middle", "spread", "low", "high", "size", "common", "length", "noise")


@dataclass(frozen=True)
class Quantity:
    """A predicted quantity: a spec's metric, and what distinguishes two specs of one metric, as in the training."""

    metric: str
    spec: str
    upper: bool

    @classmethod
    def of(cls, spec: Spec) -> Quantity:
        return cls(spec.metric.name, spec.name, spec.minimum is None)


@dataclass(frozen=True)
class SurrogateCheckpoint:
    """A circuit's network with the `sizes` and `ranges` of its parameters and its `quantities`."""

    sizes: Sizes
    ranges: tuple[ParameterRange, ...]
    quantities: tuple[Quantity, ...]
    network: Network


def structure_key(problem: Problem) -> str:
    """A key of structure and process."""
    return f"{problem.pdk.name} {fingerprint(problem)}"


def write_surrogates(path: Path, checkpoints: Mapping[str, SurrogateCheckpoint]) -> None:
    """Write the file, with weights in half precision."""
    index = [
        {
            "key": key,
            "sizes": checkpoint.sizes.keys,
            "ranges": [[one.minimum, one.maximum, one.log] for one in checkpoint.ranges],
            "quantities": [[one.metric, one.spec, one.upper] for one in checkpoint.quantities],
        }
        for key, checkpoint in checkpoints.items()
    ]
    arrays: dict[str, Real] = {"index": np.frombuffer(json.dumps(index).encode(), np.uint8)}
    for number, checkpoint in enumerate(checkpoints.values()):
        arrays |= {f"{number}.{name}": value.astype(np.float16) for name, value in checkpoint.network.layers.items()}
        arrays |= {f"{number}.{name}": getattr(checkpoint.network, name).astype(np.float32) for name in _NUMBERS}
        arrays |= {f"{number}.matrix": checkpoint.sizes.matrix.round(9), f"{number}.offset": checkpoint.sizes.offset}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # names of arrays are ours


def read_checkpoint(path: Path, problem: Problem) -> SurrogateCheckpoint | None:
    """The circuit's checkpoint; None if the file has none or is invalid."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            key = structure_key(problem)
            for number, entry in enumerate(json.loads(arrays["index"].tobytes())):
                if entry["key"] == key:
                    layers = {
                        f"{name}.{part}": arrays[f"{number}.{name}.{part}"].astype(np.float64)
                        for name in LAYERS
                        for part in ("weight", "bias")
                    }
                    network = Network(layers, *(arrays[f"{number}.{name}"].astype(np.float64) for name in _NUMBERS))
                    ranges = tuple(
                        ParameterRange(float(low), float(high), bool(log)) for low, high, log in entry["ranges"]
                    )
                    keys = tuple((str(colour), str(quantity)) for colour, quantity in entry["sizes"])
                    measured = Sizes(
                        keys, *(arrays[f"{number}.{name}"].astype(np.float64) for name in ("matrix", "offset"))
                    )
                    quantities = tuple(
                        Quantity(str(metric), str(spec), bool(upper)) for metric, spec, upper in entry["quantities"]
                    )
                    return _sound(SurrogateCheckpoint(measured, ranges, quantities, network))
    except DAMAGED_ARRAYS:
        return None
    return None


def _sound(checkpoint: SurrogateCheckpoint) -> SurrogateCheckpoint:
    """The checkpoint. Raises `ValueError` if its arrays do not match or hold values that are not finite."""
    d, q, layers, measured = (
        len(checkpoint.ranges),
        len(checkpoint.quantities),
        checkpoint.network.layers,
        checkpoint.sizes,
    )
    if any(getattr(checkpoint.network, name).shape != (q,) for name in _NUMBERS):
        raise ValueError("arrays of different circuits")
    if measured.matrix.shape != (len(measured.keys), d) or measured.offset.shape != (len(measured.keys),):
        raise ValueError("sizes of another circuit")
    numbers = (
        *layers.values(),
        *(getattr(checkpoint.network, name) for name in _NUMBERS),
        measured.matrix,
        measured.offset,
    )
    if not all(np.isfinite(value).all() for value in numbers):
        raise ValueError("a weight is no number")
    if any(not one.maximum - one.minimum > 0 or one.minimum <= 0 for one in checkpoint.ranges):
        raise ValueError("a range is empty")
    points = np.full((1, d), 0.5)
    mean, _, _ = checkpoint.network.predict(checkpoint.network.describe(points, np.zeros((1, q))), points)
    if mean.shape != (1, q) or layers["say2.bias"].shape != (2 * q + 1,):
        raise ValueError("layers of different circuits")
    return checkpoint


def find(path: Path, problem: Problem) -> Surrogate | None:
    """A problem's surrogate; None if no file has the circuit, or if the problem shares no spec or no reachable size
    with the training.
    """
    checkpoint = read_checkpoint(path, problem)
    if checkpoint is None:
        return None
    columns, entered = _columns(problem.specs, checkpoint.quantities), _parameter_map(problem, checkpoint)
    if entered is None or all(column is None for column in columns):
        return None
    return Surrogate(checkpoint.network, entered, columns)


def _columns(specs: Sequence[Spec], quantities: Sequence[Quantity]) -> list[int | None]:
    """The quantity of every spec, each used once: first of the same name, then of the same sense, then any other of its
    metric.
    """
    found: list[int | None] = [None] * len(specs)
    wanted = [Quantity.of(spec) for spec in specs]
    for alike in (
        lambda one, other: one == other,
        lambda one, other: (one.metric, one.spec) == (other.metric, other.spec),
        lambda one, other: (one.metric, one.upper) == (other.metric, other.upper),
        lambda one, other: one.metric == other.metric,
    ):
        for place, want in enumerate(wanted):
            if found[place] is None:
                free = (column for column, one in enumerate(quantities) if column not in found and alike(want, one))
                found[place] = next(free, None)
    return found


def _parameter_map(problem: Problem, checkpoint: SurrogateCheckpoint) -> ParameterMap | None:
    """The map from the problem's positions to the training's, through the sizes of the devices."""
    own, taught = sizes(problem), checkpoint.sizes
    if own is None or own.keys != taught.keys:
        return None
    weights = np.array([HINT if quantity == COPIES else 1.0 for _, quantity in taught.keys])
    inverse = np.linalg.pinv(taught.matrix * weights[:, None], rcond=1e-4) * weights
    entered = ParameterMap(
        problem.space, checkpoint.ranges, matrix=inverse @ own.matrix, offset=inverse @ (own.offset - taught.offset),
        left=(own.matrix - taught.matrix @ inverse @ own.matrix)[weights == 1],
        rest=((own.offset - taught.offset) - taught.matrix @ inverse @ (own.offset - taught.offset))[weights == 1],
        taught=taught.matrix[weights == 1],
    )  # fmt: skip
    return entered if entered.reaches() else None
