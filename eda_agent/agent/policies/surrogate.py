"""A surrogate says what sizes of one circuit measure under a condition that some measurements tell of: a small network, taught before.

A conditional neural process (Garnelo et al., arXiv 1807.01613): designs that were measured under the condition are encoded one by one, their mean
describes it, and a second network says from that and a position what is measured there, how surely, and whether it can be measured at all. It was
taught with simulations under hundreds of conditions (`train/surrogate.py`). What its word leaves in a run is a Gaussian process whose length and noise
were found on conditions that it was not taught with (Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, eqs. 2.25–2.26).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eda_agent.agent.policies.gaussian_process import Real, leave_one_out, matern
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint

FILE = "surrogates.npz"
"""Beside the weights of the embedded model. Arrays of numbers and one of JSON text; nothing in it is ever executed."""
LAYERS = ("see0", "see1", "see2", "say0", "say1", "say2", "skip")
"""Of a network: `see` encodes a design and what it measured, `say` and `skip` answer. Each has `.weight` (out, in) and `.bias` (out)."""
BELIEVED = 4.0
"""Measurements that a network's word about its own deviations is worth."""
BEYOND = 5.0
"""Outside the ranges that were taught, the deviation grows by so many times the distance in ranges."""


@dataclass(frozen=True)
class Range:
    """Of a parameter as it was taught: SI units; `log` is the scale."""

    minimum: float
    maximum: float
    log: bool

    def positions(self, values: Real) -> Real:
        """In units of the range, not cut."""
        if self.log:
            return np.asarray(np.log(values / self.minimum) / np.log(self.maximum / self.minimum))
        return np.asarray((values - self.minimum) / (self.maximum - self.minimum))


@dataclass(frozen=True)
class Network:
    """d parameters, q quantities: `layers` as of `LAYERS`; `middle`, `spread`, `low`, `high` (q): quantities are told as (cut to low … high − middle) / spread.

    What its word leaves, in its deviations: variance `size` (q), of which the share `common` (q) is one offset, and the rest a Matérn process of `length` (q, in
    √d ranges); `noise` (q) on top, as a share.
    """

    layers: Mapping[str, Real]
    middle: Real
    spread: Real
    low: Real
    high: Real
    size: Real
    common: Real
    length: Real
    noise: Real

    def _layer(self, name: str, x: Real) -> Real:
        return np.asarray(x @ self.layers[f"{name}.weight"].T + self.layers[f"{name}.bias"])

    def told(self, values: Real) -> Real:
        """(n, q) as the network has them."""
        return np.asarray((np.clip(values, self.low, self.high) - self.middle) / self.spread)

    def describe(self, positions: Real, values: Real) -> Real:
        """A condition (z,) from designs (n, d) in [0, 1] and what they measured (n, q), nan where nothing was."""
        known = np.isfinite(values)
        seen = np.hstack([2 * positions - 1, np.where(known, self.told(np.where(known, values, 0.0)), 0.0), known])
        hidden = silu(self._layer("see1", silu(self._layer("see0", seen))))
        return np.asarray(self._layer("see2", hidden).mean(0))

    def foretell(self, condition: Real, positions: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, q), and the chance (m,) that everything can be measured."""
        count = len(self.middle)
        given = np.hstack([2 * positions - 1, np.broadcast_to(condition, (len(positions), len(condition)))])
        answer = self._layer("say2", silu(self._layer("say1", silu(self._layer("say0", given)))))
        mean = answer[:, :count] + self._layer("skip", given)
        deviation = np.exp(0.5 * np.clip(answer[:, count : 2 * count], *SURE))
        return mean * self.spread + self.middle, deviation * self.spread, logistic(answer[:, -1])


SURE = (-9.0, 2.0)
"""Logarithms of the variances that a network can say, of standardised quantities."""


def logistic(x: Real) -> Real:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700.0, None))))


def silu(x: Real) -> Real:
    return np.asarray(x * logistic(x))


@dataclass(frozen=True)
class Surrogate:
    """A network for a problem's circuit. `ranges`: of the problem's parameters, in their order in the network; `places`: of each the problem's column;
    `columns`: of every spec the network's quantity."""  # fmt: skip

    network: Network
    ranges: Sequence[Range]
    places: Sequence[int]
    columns: Sequence[int]
    problem: Problem

    def positions(self, points: Real) -> tuple[Real, Real]:
        """The problem's positions (m, d) in the ranges that were taught, and how far outside they lie (m,)."""
        found = []
        for place, taught in zip(self.places, self.ranges, strict=True):
            one = self.problem.space.parameters[place]
            low, high = one.minimum, one.maximum
            values = low * (high / low) ** points[:, place] if one.scale == "log" else low + points[:, place] * (high - low)
            found.append(taught.positions(values))
        wanted = np.stack(found, 1)
        inside = np.clip(wanted, 0.0, 1.0)
        return inside, np.abs(wanted - inside).max(1)

    def under(self, points: Real, values: Real) -> Condition:
        """A condition, from positions (n, d) of the problem and what its specs measured there (n, specs), nan where nothing was."""
        inside, _ = self.positions(points)
        told = np.full((len(points), len(self.network.middle)), np.nan)
        told[:, list(self.columns)] = values
        return Condition(self, self.network.describe(inside, told))


class Condition:
    """What a surrogate foretells under one condition; the last positions asked for are remembered: every spec asks for the same."""

    def __init__(self, surrogate: Surrogate, description: Real):
        self.surrogate, self.description = surrogate, description
        self._asked: Real | None = None
        self._answer: tuple[Real, Real, Real] = (np.empty(0), np.empty(0), np.empty(0))

    def foretell(self, points: Real) -> tuple[Real, Real, Real]:
        """Mean and deviation (m, specs) and the chance (m,) to be measurable, at positions (m, d) of the problem."""
        if self._asked is not points:
            inside, outside = self.surrogate.positions(points)
            mean, deviation, works = self.surrogate.network.foretell(self.description, inside)
            columns = list(self.surrogate.columns)
            self._asked, self._answer = points, (mean[:, columns], deviation[:, columns] * (1 + BEYOND * outside)[:, None], works)
        return self._answer


@dataclass(frozen=True)
class Foretold:
    """One spec under a condition, where some measurements are known besides.

    A Student-t process (Shah et al., arXiv 1402.4306, with its variance): `surprise` is by how much the measurements' squared errors are more or less than the network said,
    and all its variances with them. Who errs says so from then on.
    """

    condition: Condition
    spec: int
    points: Real
    factor: Real
    inverse: Real
    solved: Real
    deviations: Real
    surprise: float

    def predict(self, points: Real) -> tuple[Real, Real]:
        """Mean and deviation (m,) at positions (m, d)."""
        network, column = self.condition.surrogate.network, self.condition.surrogate.columns[self.spec]
        mean, deviation, _ = self.condition.foretell(points)
        scale = deviation[:, self.spec] * np.sqrt(network.size[column] * self.surprise)
        if not len(self.points):
            return mean[:, self.spec], scale
        covariance = correlation(points, self.points, network.common[column], network.length[column])
        half = covariance @ self.inverse.T
        left = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", half, half), 1e-4))
        moved = deviation[:, self.spec] * np.sqrt(network.size[column]) * (covariance @ self.solved)
        return mean[:, self.spec] + moved, scale * left

    @property
    def likelihood(self) -> float:
        """How well it foretells each measurement from the others: mean log density, −∞ without any."""
        if not len(self.points):
            return -np.inf
        # all variances times `surprise`
        inflated = leave_one_out(self.factor * np.sqrt(self.surprise), self.solved / self.surprise)
        return inflated - float(np.log(self.deviations).mean())


def foretold(condition: Condition, spec: int, points: Real, seen: Real) -> Foretold:
    """A spec, measured as `seen` (n,) at positions (n, d); what is not finite is left out."""
    network, column = condition.surrogate.network, condition.surrogate.columns[spec]
    good = np.isfinite(seen)
    points, seen = points[good], np.clip(seen[good], network.low[column], network.high[column])
    mean, deviation, _ = condition.foretell(points)
    scale = deviation[:, spec] * np.sqrt(network.size[column])
    error = (seen - mean[:, spec]) / scale
    matrix = correlation(points, points, network.common[column], network.length[column]) + network.noise[column] * np.eye(len(error))
    factor = np.linalg.cholesky(matrix)
    inverse = np.linalg.inv(factor)
    solved = inverse.T @ (inverse @ error)
    return Foretold(condition, spec, points, factor, inverse, solved, scale, float((BELIEVED + error @ solved) / (BELIEVED + len(error))))


def correlation(first: Real, second: Real, common: float, length: float) -> Real:
    """(n, m) of n×d and m×d positions."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1)[None, :] - 2 * first @ second.T
    return np.asarray(common + (1 - common) * matern(np.sqrt(np.maximum(squares, 0.0)) / (length * np.sqrt(first.shape[1]))))


def circuit_key(problem: Problem) -> str:
    """Structure and process."""
    return f"{problem.pdk.name} {fingerprint(problem)}"


@dataclass(frozen=True)
class Sheet:
    """A circuit's network, with its parameters' `roles` and `ranges` and its quantities' `metrics`."""

    roles: tuple[str, ...]
    ranges: tuple[Range, ...]
    metrics: tuple[str, ...]
    network: Network


_NUMBERS = ("middle", "spread", "low", "high", "size", "common", "length", "noise")


def write_surrogates(path: Path, sheets: Mapping[str, Sheet]) -> None:
    """Write the file; weights in half precision."""
    index = [
        {
            "key": key, "roles": sheet.roles, "metrics": sheet.metrics,
            "ranges": [[one.minimum, one.maximum, one.log] for one in sheet.ranges],
        }
        for key, sheet in sheets.items()
    ]  # fmt: skip
    arrays = {"index": np.frombuffer(json.dumps(index).encode(), np.uint8)}
    for number, sheet in enumerate(sheets.values()):
        arrays |= {f"{number}.{name}": value.astype(np.float16) for name, value in sheet.network.layers.items()}
        arrays |= {f"{number}.{name}": getattr(sheet.network, name).astype(np.float32) for name in _NUMBERS}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # names of arrays are ours


def read_sheet(path: Path, problem: Problem) -> Sheet | None:
    """The circuit's sheet, None where the file has none or is none."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            key = circuit_key(problem)
            for number, entry in enumerate(json.loads(arrays["index"].tobytes())):
                if entry["key"] == key:
                    layers = {
                        f"{name}.{part}": arrays[f"{number}.{name}.{part}"].astype(np.float64)
                        for name in LAYERS
                        for part in ("weight", "bias")
                    }
                    network = Network(layers, *(arrays[f"{number}.{name}"].astype(np.float64) for name in _NUMBERS))
                    ranges = tuple(Range(float(low), float(high), bool(log)) for low, high, log in entry["ranges"])
                    return _sound(Sheet(tuple(entry["roles"]), ranges, tuple(entry["metrics"]), network))
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return None
    return None


def _sound(sheet: Sheet) -> Sheet:
    """The sheet. Raises `ValueError` where its arrays do not belong together or hold what is no number."""
    d, q, layers = len(sheet.roles), len(sheet.metrics), sheet.network.layers
    if len(sheet.ranges) != d or any(getattr(sheet.network, name).shape != (q,) for name in _NUMBERS):
        raise ValueError("arrays of different circuits")
    if not all(np.isfinite(value).all() for value in (*layers.values(), *(getattr(sheet.network, name) for name in _NUMBERS))):
        raise ValueError("a weight is no number")
    if any(not one.maximum - one.minimum > 0 or (one.log and one.minimum <= 0) for one in sheet.ranges):
        raise ValueError("a range is none")
    points = np.full((1, d), 0.5)
    mean, _, _ = sheet.network.foretell(sheet.network.describe(points, np.zeros((1, q))), points)
    if mean.shape != (1, q) or layers["say2.bias"].shape != (2 * q + 1,):
        raise ValueError("layers of different circuits")
    return sheet


def find(path: Path, problem: Problem) -> Surrogate | None:
    """A problem's surrogate; None where the circuit is in no file, or its ranges have nothing in common with those that were taught.

    Parameters are known by their roles, specs by their metrics: a circuit whose parameters have others, or that asks for more, has none.
    """
    sheet = read_sheet(path, problem)
    if sheet is None:
        return None
    roles = [parameter.role for parameter in problem.space.parameters]
    metrics = [spec.metric.name for spec in problem.specs]
    if len(set(roles)) < len(roles) or set(roles) != set(sheet.roles) or not set(metrics) <= set(sheet.metrics):
        return None
    places, columns = [roles.index(role) for role in sheet.roles], [sheet.metrics.index(name) for name in metrics]
    ranges = [problem.space.parameters[place] for place in places]
    if any(one.minimum > taught.maximum or one.maximum < taught.minimum for one, taught in zip(ranges, sheet.ranges, strict=True)):
        return None
    return Surrogate(sheet.network, sheet.ranges, places, columns, problem)
