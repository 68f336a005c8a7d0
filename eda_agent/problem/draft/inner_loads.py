"""An inner load is a capacitor inside the circuit at its output, or the resistor that loads a charge pump: a condition,
which is not sized.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eda_agent.problem.structure import Structure

if TYPE_CHECKING:
    from eda_agent.problem.draft.circuit import Draft


def loads_of(draft: Draft) -> list[str]:
    """The names of the passives that load the circuit's output from inside."""
    scope, outputs = (
        draft.netlist.subcircuits[draft.subckt],
        {draft.kind.ports.get(role, "") for role in ("out", "outp", "outn")},
    )
    loads = [label for label, role in draft.structure.roles.items() if role == "load capacitor"]
    found = [name for name in loads if (device := scope.device(name)) is not None and outputs & set(device.nodes)]
    return found + (pump_loads(draft.structure, draft.kind.ports["out"]) if draft.kind.name == "charge pump" else [])


def pump_loads(structure: Structure, out: str) -> list[str]:
    """The resistors from the output of a charge pump to ground."""
    ground = {structure.vss, "0"}
    return [one.name for one in structure.passives if one.kind == "r" and out in one.nets and ground & {*one.nets}]
