"""A bench is the measurement setup of a kind of circuit: testbenches, specs and bias currents or voltages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """`subckt`: name of the circuit. `testbenches`: name → settings as YAML. `specs`: name → the rest of its line.
    `bias`: the `bias:` of the spec, or "".
    """

    subckt: str
    testbenches: dict[str, str]
    specs: dict[str, str]
    bias: str = ""
