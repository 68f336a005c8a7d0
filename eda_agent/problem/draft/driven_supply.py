"""A driven supply is the port that a deck's source holds and that has a supply's name, where the wells of the PMOS
transistors stand on another net, such as the output of a charge pump.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure


def driven_supply(structure: Structure, volts: Mapping[str, float]) -> str:
    """The supply of a circuit, "" if that of its wells stands.

    Args:
        structure: the circuit, with the supply that its wells show.
        volts: net → level of the deck's source.
    """
    if not structure.vdd or structure.vdd in volts or named("vdd", structure.vdd):
        return ""
    able = [port for port in structure.ports if volts.get(port, 0.0) > 0 and named("vdd", port)]
    return able[0] if len(able) == 1 else ""
