"""A simulation is one sizing with what ngspice measured in every corner; a batch is several."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from eda_agent.api.circuit import Circuit
from eda_agent.api.spec_values import SpecValues
from eda_agent.api.table import Table
from eda_agent.api.waves import Waveforms
from eda_agent.errors import InputError
from eda_agent.units import counted

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
class Simulation(SpecValues):
    """`ea.simulate` makes it.

    Attributes:
        data: everything as plain data, the object of `eda-agent sim --json`.
        waveforms: simulates again and gives the waveforms as numpy arrays.
    """

    circuit: Circuit
    data: Mapping[str, Any]
    _waves: Callable[[Circuit, Mapping[str, float]], Waveforms] = field(compare=False)

    @property
    def _spec_rows(self) -> Mapping[str, Mapping[str, Any]]:
        rows: Mapping[str, Mapping[str, Any]] = self.data["specs"]
        return rows

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

    def __repr__(self) -> str:
        missed = [name for name, row in self.data["specs"].items() if not row["met"]]
        said = f"fails {', '.join(missed)}" if missed else "every spec met"
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
        """The one with the highest score; of those that meet every spec the one with the best objectives. Raises
        `InputError` for an empty batch.
        """
        if not self._all:
            raise InputError("an empty batch has no best sizing")
        return max(self._all, key=lambda one: (one.met, one.score, one.data["merit"]))

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
        return f"<Batch of {self.circuit.name}: {counted(len(self), 'sizing')}, {met} meet every spec>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.table._repr_html_()}"


def specs_table(specs: Mapping[str, Mapping[str, Any]]) -> Table:
    """A table of a result's `specs`."""
    columns = (
        "spec",
        "value",
        "minimum",
        "maximum",
        "unit",
        "met",
        "margin",
        "margin_value",
        "margin_percent",
        "worst_corner",
        "bound",
        "why",
    )
    rows = [{"spec": name, **row} for name, row in specs.items()]
    return Table(rows, columns, row_units=dict.fromkeys(("value", "minimum", "maximum", "margin_value"), "shown"))


def corners_table(specs: Mapping[str, Mapping[str, Any]]) -> Table:
    """Spec × corner of a result's `specs`."""
    names = list(dict.fromkeys(corner for row in specs.values() for corner in row["corners"]))
    rows = [{"spec": name, "unit": row["unit"], "shown": row["shown"], **row["corners"]} for name, row in specs.items()]
    return Table(rows, ("spec", *names, "unit"), row_units=dict.fromkeys(names, "shown"))


def points_table(points: Mapping[str, Mapping[str, Any]]) -> Table:
    """A table of a result's `operating_points`."""
    rows = [{"device": name, **point} for name, point in points.items()]
    return Table(rows, ("device", *POINT_UNITS, "region"), POINT_UNITS)
