"""What many simulations around one design say: the yield of Monte Carlo, and sensitivities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.api.arguments import unknown
from eda_agent.api.table import Table
from eda_agent.units import counted


@dataclass(frozen=True, repr=False)
class MonteCarlo:
    """`data`: the object of `eda-agent mc --json`."""

    circuit: str
    data: Mapping[str, Any]

    @property
    def passed(self) -> int:
        """Samples that meet every spec."""
        return int(self.data["passed"])

    @property
    def share(self) -> float:
        """The yield, in [0, 1]; `interval` is its 95 % interval."""
        return float(self.data["yield"])

    @property
    def interval(self) -> tuple[float, float]:
        low, high = self.data["interval"]
        return float(low), float(high)

    @property
    def specs(self) -> Table:
        """One row per spec: mean, deviation and yield."""
        rows = [{"spec": name, **row} for name, row in self.data["specs"].items()]
        columns = ("spec", "mean", "deviation", "minimum", "maximum", "unit", "yield")
        return Table(rows, columns, row_units=dict.fromkeys(("mean", "deviation", "minimum", "maximum"), "shown"))

    @property
    def samples(self) -> Table:
        """One row per sample: every spec's value in its worst corner, in SI units."""
        specs = self.data["specs"]
        rows = [
            {"sample": place, **{name: row["values"][place] for name, row in specs.items()}}
            for place in range(self.data["samples"])
        ]
        return Table(rows, ("sample", *specs), {name: row["shown"] for name, row in specs.items()})

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"<MonteCarlo of {self.circuit}: {self.passed} of {self.data['samples']} samples meet every spec,"
            f" {100 * low:.1f} to {100 * high:.1f} %>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{repr(self)[1:-1]}</p>{self.specs._repr_html_()}"


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """`data`: the object of `eda-agent sensitivity --json`; `eda_agent.insight.sensitivity` has the formulas."""

    circuit: str
    data: Mapping[str, Any]

    @property
    def corner(self) -> str:
        return str(self.data["corner"])

    @property
    def changes(self) -> dict[str, dict[str, float | None]]:
        """Spec → parameter → change of the value in SI units if the size grows by 10 %; None if it is not known."""
        return {spec: dict(row) for spec, row in self.data["changes"].items()}

    @property
    def slopes(self) -> dict[str, dict[str, float | None]]:
        """Spec → parameter → change of the margin over the whole range, which compares parameters."""
        return {spec: dict(row) for spec, row in self.data["slopes"].items()}

    @property
    def table(self) -> Table:
        """The changes: one row per parameter, one column per spec."""
        changes = self.changes
        names = list(dict.fromkeys(name for row in changes.values() for name in row))
        rows = [{"size": name, **{spec: row.get(name) for spec, row in changes.items()}} for name in names]
        return Table(rows, ("size", *changes))

    def strongest(self, spec: str, count: int = 3) -> list[tuple[str, float]]:
        """The parameters that move a spec most, with their slopes."""
        if spec not in self.slopes:
            raise unknown("spec", spec, self.slopes)
        known = [(name, slope) for name, slope in self.slopes[spec].items() if slope is not None]
        return sorted(known, key=lambda item: -abs(item[1]))[:count]

    def __repr__(self) -> str:
        size, spec = counted(len(self.table), "size"), counted(len(self.slopes), "spec")
        return f"<Sensitivity of {self.circuit} in {self.corner}: {size} × {spec}>"

    def _repr_html_(self) -> str:
        return f"<p>{repr(self)[1:-1]}</p>{self.table._repr_html_()}"
