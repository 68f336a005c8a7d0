"""The devices of a circuit that must be saturated: those whose role is to amplify, mirror or supply a current, from
connections alone.
"""

from __future__ import annotations

from eda_agent.problem.structure.circuit import Fet, Structure

ROLES = frozenset(
    {
        "input pair",
        "inner pair",
        "tail source",
        "load mirror",
        "signal mirror",
        "cascode",
        "bias diode",
        "bias source",
        "current source",
        "output device",
        "gain device",
        "follower",
        "load diode",
    }
)
"""Without switches, latches, inverters and their current limiters, clocked tails, class-AB meshes, and devices that fit
no rule.
"""


def meant_for_saturation(structure: Structure) -> tuple[str, ...]:
    """Names of devices in the circuit's order. Clocked and oscillating circuits have large signals and none of
    these.
    """
    if structure.clocks or any(role.startswith("starving") for role in structure.roles.values()):
        return ()
    return tuple(
        fet.name for fet in structure.fets if _role(structure, fet) in ROLES and not _other_use(structure, fet)
    )


def _role(structure: Structure, fet: Fet) -> str:
    return structure.roles.get(fet.name, "").removesuffix(" nmos").removesuffix(" pmos")


def _other_use(structure: Structure, fet: Fet) -> bool:
    """A dummy or capacitor, a resistor (its gate at a rail), or the lower part of a channel made of several devices in
    series.
    """
    dummy = (
        fet.drain == fet.source
        or fet.gate == fet.source
        or (fet.drain in structure.rails and fet.source in structure.rails and not fet.diode)
    )
    above = (
        other
        for other in structure.fets
        if other.type == fet.type and other.source == fet.drain and other.gate == fet.gate
    )
    return dummy or fet.gate in structure.rails or any(above)
