"""A divided reference is the voltage with which a regulator's own divider compares its output."""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.divider_share import divider_share
from eda_agent.problem.draft.own_divider import own_divider

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
    share = divider_share(draft, divider) if divider.names and {port, divider.tap} in pairs else None
    return None if not share else float(f"{HEADROOM * supply * share:.3g}")
