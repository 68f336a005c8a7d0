"""The enables of a draft: the level at which the circuit is on, and the devices that switch it off."""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Enable
from eda_agent.problem.structure.enabling import OPPOSITE


def enables_of(structure: Structure, ports: Sequence[str]) -> dict[str, Enable]:
    """Port → enable, for the ports in `ports`."""
    return {enable.port: enable for enable in structure.enables if enable.port in ports}


def words_of(enable: Enable) -> str:
    names = " ".join(name.upper() for name in enable.switches)
    return f"{enable.port} switches the bias off when {OPPOSITE[enable.level]} ({names}): tied {enable.level}"
