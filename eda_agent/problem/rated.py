"""A rated voltage is what a device of a PDK endures between two terminals; a supply far above it is an oversight."""

from __future__ import annotations

from collections.abc import Iterable

from eda_agent.errors import Finding
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.spec import Corner

ALLOWED = 1.1
"""Sign-off corners have a supply of up to 10 % above the nominal one."""


def rated_voltage(netlist: Netlist, subckt: str, pdk: Pdk) -> float | None:
    """The largest rated voltage (V) of a circuit's MOSFETs, cells included; None if the PDK does not give one."""
    found: set[float] = set()
    for scope in netlist.reached(subckt):
        for device in scope.devices:
            rule = pdk.device(device.value.lower())
            if rule is None or not rule.is_fet:
                continue
            if rule.rated is None:
                return None
            found.add(rule.rated)
    return max(found, default=None)


def above_rating(
    netlist: Netlist, subckt: str, pdk: Pdk, corners: Iterable[Corner], node: LocatedNode
) -> list[Finding]:
    """A note if the supply of a corner is above what the circuit's MOSFETs endure."""
    rated = rated_voltage(netlist, subckt, pdk)
    highest = max(corners, key=lambda corner: corner.vdd, default=None)
    if rated is None or highest is None or highest.vdd <= ALLOWED * rated:
        return []
    return [
        node.noted(
            f"corner {highest.name} has a supply of {highest.vdd:g} V, but the MOSFETs of this circuit are rated for"
            f" {rated:g} V ({pdk.name})"
        )
    ]
