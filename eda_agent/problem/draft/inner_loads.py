"""An inner load is a capacitor inside the circuit at its output, or the resistor that loads a charge pump: a condition,
which is not sized.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.pump_loads import pump_loads


def loads_of(draft: Draft) -> list[str]:
    """The names of the passives that load the circuit's output from inside."""
    scope, outputs = (
        draft.netlist.subcircuits[draft.subckt],
        {draft.kind.ports.get(role, "") for role in ("out", "outp", "outn")},
    )
    loads = [label for label, role in draft.structure.roles.items() if role == "load capacitor"]
    found = [name for name in loads if (device := scope.device(name)) is not None and outputs & set(device.nodes)]
    return found + (pump_loads(draft.structure, draft.kind.ports["out"]) if draft.kind.name == "charge pump" else [])
