"""After layout: the specs of a sizing before and after, and what each wire costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.api import arguments
from eda_agent.api.circuit import Circuit, HasCircuit, Place, as_circuit
from eda_agent.api.table import Table
from eda_agent.problem.given_sizing import complete
from eda_agent.run.after_layout import after_layout
from eda_agent.run.widening import how_to_widen


@dataclass(frozen=True, repr=False)
class PostLayout:
    """`data`: the object of `eda-agent sim --netlist --json`."""

    circuit: str
    units: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def met(self) -> bool:
        """Whether every spec is met after layout."""
        return bool(self.data["met"])

    @property
    def notes(self) -> list[str]:
        """What the netlist has that was not used."""
        return list(self.data["notes"])

    @property
    def specs(self) -> Table:
        """One row per spec: its value in the worst corner before and after, and whether it is met after."""
        before, after = self.data["before"]["specs"], self.data["after"]["specs"]
        rows = [
            {
                "spec": name,
                "before": row["value"],
                "after": after[name]["value"],
                "met": after[name]["met"],
                "worst_corner": after[name].get("corner"),
                "unit": self.units[name],
            }
            for name, row in before.items()
        ]
        columns = ("spec", "before", "after", "met", "worst_corner", "unit")
        return Table(rows, columns, row_units={"before": "unit", "after": "unit"})

    @property
    def nets(self) -> Table:
        """Net × spec: what the margin loses by the capacitance of a net, in the first corner, worst first."""
        costs = self.data["costs"] or {"nets": []}
        rows = [
            {
                "net": row["name"],
                "farad": row["farad"],
                **{name: values["margin"] for name, values in row["specs"].items()},
            }
            for row in costs["nets"]
        ]
        names = list(dict.fromkeys(name for row in costs["nets"] for name in row["specs"]))
        return Table(rows, ("net", "farad", *names), {"farad": "F"})

    def __repr__(self) -> str:
        missed = [name for name, row in self.data["after"]["specs"].items() if not row["met"]]
        said = f"fails {', '.join(missed)}" if missed else "every spec met"
        return f"<PostLayout of {self.circuit}: {said}>"

    def _repr_html_(self) -> str:
        return f"<p>{repr(self)[1:-1]}</p>{self.specs._repr_html_()}"


def post_layout(
    target: Circuit | HasCircuit | Place,
    netlist: Place,
    sizing: Mapping[str, Any] | None = None,
    *,
    cell: str | None = None,
    workers: int | None = None,
) -> PostLayout:
    """Simulate the extracted netlist of a layout beside the schematic (docs/post_layout.md).

    Args:
        target, sizing: as in `ea.simulate`; the sizes of the schematic.
        netlist: extracted by Magic, KLayout or another tool.
        cell: of the netlist; None for the circuit's.

    Raises:
        InputError: the netlist cannot be read, or is not of this circuit.
    """
    circuit = as_circuit(target)
    wanted = {} if sizing is None else arguments.sizing(sizing)
    whole = complete(circuit.problem.space, wanted, circuit.sizing, widen=lambda: how_to_widen(circuit.path))
    found = after_layout(
        circuit.problem,
        whole,
        arguments.place("netlist", netlist),
        cell,
        workers=arguments.whole("workers", workers, 1),
    )
    units = {row["name"]: str(row.get("shown", row["unit"])) for row in circuit.specs}
    return PostLayout(circuit.name, units, found.data())
