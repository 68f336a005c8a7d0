"""A simulation is one sizing with what ngspice measured in every corner; a batch is several."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from eda_agent.api.circuit import Circuit
from eda_agent.api.table import Table

POINT_UNITS = {
    "id": "A",
    "gm": "S",
    "gds": "S",
    "vth": "V",
    "vdsat": "V",
    "vgs": "V",
    "vds": "V",
    "gm_id": "1/V",
    "margin": "V",
}
"""Field of an operating point → its unit."""


@dataclass(frozen=True, repr=False)
class Waveform:
    """The record of one analysis: `axis` is frequency in Hz (ac, noise), time in s (tran) or voltage in V (dc), empty
    for op; `probes` maps a role to an array, complex for ac.
    """

    testbench: str
    corner: str
    analysis: str
    axis: NDArray[np.float64]
    probes: Mapping[str, NDArray[Any]]

    def __getitem__(self, probe: str) -> NDArray[Any]:
        return self.probes[probe]

    def __repr__(self) -> str:
        where = f"{self.testbench} {self.analysis} in {self.corner}"
        return f"<Waveform {where}: {', '.join(self.probes)}, {len(self.axis)} points>"


class Waveforms(Sequence[Waveform]):
    """The waveforms of one sizing: `waves["loop", "ac"]` in the first corner, `waves["loop", "ac", "slow"]`."""

    def __init__(self, waves: Sequence[Waveform]):
        self._waves = tuple(waves)

    def __len__(self) -> int:
        return len(self._waves)

    @overload
    def __getitem__(self, key: int | tuple[str, ...]) -> Waveform: ...
    @overload
    def __getitem__(self, key: slice) -> Waveforms: ...
    def __getitem__(self, key: int | slice | tuple[str, ...]) -> Waveform | Waveforms:
        if isinstance(key, slice):
            return Waveforms(self._waves[key])
        if isinstance(key, int):
            return self._waves[key]
        for wave in self._waves:
            if (wave.testbench, wave.analysis, wave.corner)[: len(key)] == key:
                return wave
        known = ", ".join(sorted({f"{wave.testbench} {wave.analysis}" for wave in self._waves}))
        raise KeyError(f"no waveform {' '.join(key)}; there are {known}")

    def __repr__(self) -> str:
        return f"<Waveforms: {len(self)}>"


@dataclass(frozen=True, repr=False)
class Simulation:
    """`ea.simulate` makes it.

    Attributes:
        data: everything as plain data, the object of `eda-agent sim --json`.
        waveforms: simulates again and gives the waveforms as numpy arrays.
    """

    circuit: Circuit
    data: Mapping[str, Any]
    _waves: Callable[[Circuit, Mapping[str, float]], Waveforms] = field(compare=False)

    @property
    def sizing(self) -> dict[str, float]:
        """Parameter → value in SI units."""
        return dict(self.data["sizing"])

    @property
    def score(self) -> float:
        """In [0, 1]; 1 if every spec is met in every corner."""
        return float(self.data["score"])

    @property
    def met(self) -> bool:
        """Whether every spec is met in sound testbenches."""
        return bool(self.data["met"]) and not self.data["unsound"]

    @property
    def unsound(self) -> list[str]:
        """What shows that a testbench does not test this sizing."""
        return list(self.data["unsound"])

    @property
    def failures(self) -> list[str]:
        """Simulations that failed."""
        return [f"{bench} in {corner}: {kind}: {words}" for bench, corner, kind, words in self.data["failures"]]

    @property
    def specs(self) -> Table:
        """One row per spec: its target, and the value in its worst corner."""
        return specs_table(self.data["specs"])

    @property
    def corners(self) -> Table:
        """Spec × corner: the value in each corner."""
        return corners_table(self.data["specs"])

    @property
    def operating_points(self) -> Table:
        """One row per MOSFET, in the first corner."""
        return points_table(self.data["operating_points"])

    def waveforms(self) -> Waveforms:
        """The waveforms of every testbench and corner, simulated again."""
        return self._waves(self.circuit, self.sizing)

    def __getitem__(self, spec: str) -> float | None:
        """The value of a spec in its worst corner, in SI units; None if it could not be measured."""
        value = self.data["specs"][spec]["value"]
        return None if value is None else float(value)

    def __repr__(self) -> str:
        missed = [name for name, row in self.data["specs"].items() if not row["met"]]
        said = f"missing {', '.join(missed)}" if missed else "every spec met"
        return f"<Simulation of {self.circuit.name}: score {self.score:.4f}, {said}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.specs._repr_html_()}"


class Batch(Sequence[Simulation]):
    """Simulations of several sizings, in order."""

    def __init__(self, circuit: Circuit, simulations: Sequence[Simulation]):
        self.circuit, self._all = circuit, tuple(simulations)

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, key: int) -> Simulation: ...
    @overload
    def __getitem__(self, key: slice) -> Batch: ...
    def __getitem__(self, key: int | slice) -> Simulation | Batch:
        return Batch(self.circuit, self._all[key]) if isinstance(key, slice) else self._all[key]

    def __iter__(self) -> Iterator[Simulation]:
        return iter(self._all)

    @property
    def best(self) -> Simulation:
        """The one with the highest score; the first of equals."""
        return max(self._all, key=lambda one: (one.met, one.score))

    @property
    def table(self) -> Table:
        """One row per sizing: score, met, sizes, and every spec's value in its worst corner."""
        problem = self.circuit.problem
        units = {row["name"]: row["unit"] for row in self.circuit.parameters}
        units |= {name: row["shown"] for one in self._all[:1] for name, row in one.data["specs"].items()}
        rows = [
            {
                "score": one.score,
                "met": one.met,
                **one.sizing,
                **{name: row["value"] for name, row in one.data["specs"].items()},
            }
            for one in self._all
        ]
        return Table(rows, ("score", "met", *problem.space.names, *problem.spec_names), units)

    def __repr__(self) -> str:
        met = sum(one.met for one in self._all)
        return f"<Batch of {self.circuit.name}: {len(self)} sizings, {met} meet every spec>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.table._repr_html_()}"


def specs_table(specs: Mapping[str, Mapping[str, Any]]) -> Table:
    """A table of a result's `specs`."""
    columns = ("spec", "value", "minimum", "maximum", "unit", "met", "margin", "worst_corner", "bound", "why")
    rows = [{"spec": name, **row} for name, row in specs.items()]
    return Table(rows, columns, row_units=dict.fromkeys(("value", "minimum", "maximum"), "shown"))


def corners_table(specs: Mapping[str, Mapping[str, Any]]) -> Table:
    """Spec × corner of a result's `specs`."""
    names = list(dict.fromkeys(corner for row in specs.values() for corner in row["corners"]))
    rows = [{"spec": name, "unit": row["unit"], "shown": row["shown"], **row["corners"]} for name, row in specs.items()]
    return Table(rows, ("spec", *names, "unit"), row_units=dict.fromkeys(names, "shown"))


def points_table(points: Mapping[str, Mapping[str, Any]]) -> Table:
    """A table of a result's `operating_points`."""
    rows = [{"device": name, **point} for name, point in points.items()]
    return Table(rows, ("device", *POINT_UNITS, "region"), POINT_UNITS)
