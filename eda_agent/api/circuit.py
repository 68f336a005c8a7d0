"""A circuit is a spec that was read: netlist, parameters with ranges, testbenches, specs and corners.

That of a run has the run's targets and corners, and the sizes of one of its turns.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Protocol

from eda_agent.api import arguments
from eda_agent.api.table import Table
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.record.labels import corner_table, parameter_table, spec_table
from eda_agent.run.chosen import choose, is_run
from eda_agent.run.opening import with_corners
from eda_agent.tools.waveform import choices
from eda_agent.units import counted

Place = str | PathLike[str]


class HasCircuit(Protocol):
    """A `Run`."""

    def circuit(self) -> Circuit: ...


@dataclass(frozen=True, repr=False)
class Circuit:
    """`ea.load` makes it.

    Attributes:
        problem: the internal object; it may change between versions.
        sizing: parameter → value in SI units: the netlist's own sizes, or those of a run.
        corner_set: the named set of corners, if one was chosen.
        folder: of the run, None without one.
        remarks: what differs from the time of the run.
        least_corner: the corner of the run's least margin; None without a run, or if it is not known.
    """

    problem: Problem
    sizing: dict[str, float]
    corner_set: str | None = None
    folder: Path | None = None
    remarks: tuple[str, ...] = field(default=())
    least_corner: str | None = None

    @property
    def name(self) -> str:
        return self.problem.name

    @property
    def path(self) -> Path:
        """The spec."""
        return self.problem.path

    @property
    def pdk(self) -> str:
        return self.problem.pdk.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What the files say that is not used, and what stands in its place."""
        return tuple(str(note) for note in self.problem.notes)

    @property
    def parameters(self) -> Table:
        """One row per parameter: name, unit, value, minimum, maximum, scale, step, role, locked. SI units."""
        rows = [{**row, "value": self.sizing[row["name"]]} for row in parameter_table(self.problem)]
        columns = ("name", "value", "minimum", "maximum", "unit", "scale", "step", "role", "locked")
        return Table(rows, columns, row_units=dict.fromkeys(("value", "minimum", "maximum", "step"), "unit"))

    @property
    def specs(self) -> Table:
        """One row per spec: name, metric, minimum, maximum, unit, weight, objective."""
        columns = ("name", "metric", "minimum", "maximum", "unit", "weight", "objective")
        return Table(spec_table(self.problem), columns, row_units={"minimum": "shown", "maximum": "shown"})

    @property
    def waveform_names(self) -> list[str]:
        """What `ea.ask(circuit, "waveform", what=…)` may be asked for: testbench and analysis, such as "loop ac"."""
        return choices(self.problem)

    @property
    def corners(self) -> Table:
        """One row per corner: name, process, vdd in V, temperature in °C."""
        return Table(corner_table(self.problem), ("name", "process", "vdd", "temperature"), {"vdd": "V"})

    def __repr__(self) -> str:
        parts = [
            counted(len(self.problem.space.parameters), "parameter"),
            counted(len(self.problem.specs), "spec"),
            counted(len(self.problem.corners), "corner"),
        ]
        return f"<Circuit {self.name}: {', '.join(parts)}, {self.pdk}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.parameters._repr_html_()}{self.specs._repr_html_()}"


def load(path: Place, *, turn: int | None = None, corners: str | None = None) -> Circuit:
    """Read a spec and every file that it names, without simulating.

    Args:
        path: spec.yaml, its folder, the name of a shipped circuit, or the folder of a run.
        turn: of a run, the turn whose sizes are taken; None for the best.
        corners: a corner set of the PDK (nominal, signoff, signoff_rc) instead of the spec's corners.

    Raises:
        InputError: with every fault of the files.
    """
    said: list[str] = []
    where, corners = arguments.place("path", path), arguments.corner_set(corners)
    turn = arguments.whole("turn", turn, 0)
    if turn is not None and not is_run(where):
        raise InputError(f"turn {turn}: {where} is no run\n    → name the folder of a run")
    chosen = choose(where, turn=turn, tell=said.append)
    problem = with_corners(chosen.problem, corners)
    least = chosen.least[1] if chosen.least else None
    known = least if least in {corner.name for corner in problem.corners} else None
    return Circuit(problem, chosen.sizing, corners, chosen.folder, tuple(said), known)


def as_circuit(target: Circuit | HasCircuit | Place) -> Circuit:
    """The circuit that a function's first argument means."""
    if isinstance(target, Circuit):
        return target
    given = getattr(target, "circuit", None)
    found: Circuit = given() if callable(given) else load(target)  # type: ignore[arg-type]  # `load` says what it is
    return found
