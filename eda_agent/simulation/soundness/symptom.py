"""A symptom is a behaviour that no working circuit shows in a working testbench."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Symptom:
    """`check`: the kind. `did`: the circuit's behaviour, a sentence without the testbench. `look`: what to check.

    `mild`: sizing may well remove it, so it is reported and never refused. `beside`: another testbench that is needed
    to see it.
    """

    check: str
    testbench: str
    corner: str
    did: str
    look: str
    mild: bool = False
    beside: str = ""
