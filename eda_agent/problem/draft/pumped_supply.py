"""A pumped supply is the output of a charge pump that looks like the supply, because wells stand on it: the port
that is named as the supply feeds the pump.
"""

from __future__ import annotations

from collections.abc import Callable

from eda_agent.problem.draft.charge_pump import charge_pump
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure


def feeding_supply(structure: Structure, with_supply: Callable[[str], Structure]) -> str:
    """The port named as a supply from which a charge pump leads to the recognised one; "" without one.

    `with_supply`: the structure with another supply.
    """
    if named("vdd", structure.vdd):
        return ""
    for port in structure.ports:
        if port not in structure.rails and named("vdd", port):
            other = with_supply(port)
            pump = charge_pump(other, [one for one in other.ports if one not in other.rails])
            if pump is not None and pump.ports["out"] == structure.vdd:
                return port
    return ""
