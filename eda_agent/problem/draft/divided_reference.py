"""A divided reference is the voltage with which a regulator's own divider compares its output."""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.own_divider import own_divider
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import own_value

HEADROOM = 0.75
"""Output over supply of a guessed reference: the rest is for the output device."""


def divided_reference(draft: Draft, port: str, supply: float) -> float | None:
    """The voltage (V) of a reference port at which the output stands below the supply; None for other ports.

    Args:
        draft: of a regulator with its divider.
        port: one beside the rails.
        supply: V.
    """
    divider = own_divider(draft.structure) if draft.kind.name == "regulator with its divider" else None
    if divider is None:
        return None
    pairs = [{one.gate, other.gate} for one, other in draft.structure.pairs]
    values = {
        passive.nets: own_value(Edit(draft.subckt, passive.name, "value"), draft.netlist, draft.subckt)
        for passive in draft.structure.passives
        if passive.name in divider.names
    }
    if {port, divider.tap} not in pairs or len(values) != 2:
        return None
    below = [value for nets, value in values.items() if draft.structure.vss in nets]
    whole = [value for value in values.values() if value is not None and value > 0]
    if len(below) != 1 or below[0] is None or len(whole) != 2:
        return None
    return float(f"{HEADROOM * supply * below[0] / sum(whole):.3g}")
