"""A symptom is one thing that a testbench shows and that no working circuit in a working testbench does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Symptom:
    """`check` names the kind. `did`: what the circuit did, a sentence without its subject's testbench. `look`: what to look at.

    `mild`: sizing may well mend it, so it is said and never refused.
    """

    check: str
    testbench: str
    corner: str
    did: str
    look: str
    mild: bool = False
