"""A draft is the spec that `eda-agent init` proposes for a bare netlist, and what it found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eda_agent.api.circuit import Circuit, Place, load
from eda_agent.api.table import Table
from eda_agent.run.drafting import draft_spec


@dataclass(frozen=True, repr=False)
class Draft:
    """`data`: the object of `eda-agent init --json`."""

    data: Mapping[str, Any]

    @property
    def spec(self) -> Path:
        """The spec.yaml that was written."""
        return Path(self.data["spec"])

    @property
    def kind(self) -> str:
        """The kind of the circuit; "" if it was not recognised."""
        return str(self.data["kind"])

    @property
    def ready(self) -> bool:
        """Whether the draft can be sized as it is."""
        return bool(self.kind) and not self.data["untested"]

    @property
    def roles(self) -> Table:
        """One row per device: its function."""
        return Table([{"device": name, "role": role} for name, role in self.data["roles"].items()], ("device", "role"))

    @property
    def doubts(self) -> list[str]:
        """What could not be told from the netlist."""
        return list(self.data["doubts"])

    @property
    def noticed(self) -> list[str]:
        """What a user should know of the netlist."""
        return list(self.data["noticed"])

    def load(self) -> Circuit:
        """The circuit of the spec."""
        return load(self.spec)

    def __repr__(self) -> str:
        return f"<Draft {self.spec}: {self.kind or 'unknown kind of circuit'}, {self.data['pdk']}>"

    def _repr_html_(self) -> str:
        return f"<p>{repr(self)[1:-1]}</p>{self.roles._repr_html_()}"


def draft(
    netlist: Place,
    out: Place | None = None,
    *,
    pdk: str | None = None,
    subckt: str | None = None,
    cace: Place | None = None,
    force: bool = False,
    simulate: bool = True,
) -> Draft:
    """Draft a spec.yaml from a netlist.

    Args:
        netlist: SPICE, CDL, or an xschem schematic.
        out: folder of the spec; None for the netlist's.
        pdk: its name or file; None for the one whose devices the netlist uses.
        subckt: the subcircuit to size; None for the one that no other calls.
        cace: a CACE datasheet with targets.
        force: replace an existing spec.
        simulate: measure the netlist's own sizes for the targets.

    Raises:
        InputError: the netlist cannot be read, or a spec exists already.
    """
    return Draft(
        draft_spec(
            Path(netlist),
            Path(out) if out is not None else None,
            pdk=pdk,
            subckt=subckt,
            cace=Path(cace) if cace is not None else None,
            force=force,
            simulate=simulate,
        )
    )
