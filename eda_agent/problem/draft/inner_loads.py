"""An inner load is a capacitor inside the circuit at its output: a condition, which is not sized."""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft


def loads_of(draft: Draft) -> list[str]:
    """The names of the capacitors that load the circuit's output from inside."""
    scope, outputs = (
        draft.netlist.subcircuits[draft.subckt],
        {draft.kind.ports.get(role, "") for role in ("out", "outp", "outn")},
    )
    loads = [label for label, role in draft.structure.roles.items() if role == "load capacitor"]
    return [name for name in loads if (device := scope.device(name)) is not None and outputs & set(device.nodes)]
