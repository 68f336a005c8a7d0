"""A bias direction is the way in which a current flows through a port: into it (`source`) or out of it (`sink`). The
user's sign and the circuit may disagree; what was done is said.
"""

from __future__ import annotations

from eda_agent.problem.draft.answers import Held
from eda_agent.units import format_quantity

_WORDS = {"source": "into", "sink": "out of"}


def direction_said(port: str, held: Held, needed: str, how: str) -> list[str]:
    """A sentence if the user's sign is not the direction that the circuit needs. `how`: how the port is held."""
    if needed not in _WORDS or how not in _WORDS:
        return []
    amount = format_quantity(abs(held.value), "A")
    if how != needed:
        return [
            f"{amount} flows {_WORDS[how]} {port}, as the sign of --bias says; the circuit needs a current"
            f" {_WORDS[needed]} it ({port}={'-' if needed == 'sink' else ''}{amount.replace(' ', '')})"
        ]
    if how == "sink" and held.value > 0:
        return [
            f"{amount} flows out of {port}, as the circuit needs ({port}: -{amount});"
            f" --bias {port}=+{amount.replace(' ', '')} makes it flow into the port"
        ]
    return []
