"""A chosen output is the one of several driven ports of an amplifier that its signal ends on. The others show nets
inside it, such as the gate of its output stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure, polarity


def last_driven(structure: Structure, gates: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """The outputs that the signal of an amplifier reaches and that drive no other output.

    Args:
        structure: the circuit.
        gates: its two inputs.
        outputs: the ports that devices drive.
    """
    reached = [port for port in outputs if any(polarity(structure, gate, port) for gate in gates)]
    return [port for port in reached if not any(_leads(structure, port, other) for other in reached if other != port)]


def named_output(outputs: Sequence[str]) -> list[str]:
    """The one output whose name says it, all of them without one."""
    told = [port for port in outputs if named("out", port)]
    return told if len(told) == 1 else list(outputs)


def _leads(structure: Structure, port: str, other: str) -> bool:
    """Whether one port drives another, and is not driven by it (a feedback inside drives both ways)."""
    return polarity(structure, port, other) != 0 and polarity(structure, other, port) == 0
