"""An inner net is a net of the circuit that a testbench reaches although it is no port, such as the control of a
common-mode feedback inside.

A template names its role with the net that stands for it where the circuit has none: `inner: {cmfb: control}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist, Subcircuit


def with_inner_nets(
    deck: str,
    inner: Mapping[str, str],
    ports: Mapping[str, LocatedNode],
    scope: Subcircuit,
    netlist: Netlist,
    used: Mapping[str, str],
) -> str:
    """A template's deck with the circuit's nets in the place of their roles.

    Args:
        deck: the cards of the template.
        inner: role → the net of the template that stands for it.
        ports: role → net, as the spec gives it; below the top level with the names of the instances (`xcm.net`).
        scope: the circuit.
        netlist: its netlist.
        used: port → net of the template.
    """
    for role, instead in inner.items():
        net = instead
        if role in ports and (given := ports[role].text("a net").lower()) in scope.ports:
            net = used.get(given, instead)
        elif role in ports:
            if not has_net(netlist, scope, given):
                ports[role].wrong(f"{scope.name} has no net {given!r}", f"{role} is a net of the circuit or a port")
            net = f"xdut.{given}"
        deck = re.sub(rf"(?m)(?<=\s){role}(?=\s|$)", net, deck)
    return deck


def has_net(netlist: Netlist, scope: Subcircuit, net: str) -> bool:
    """Whether a subcircuit has this net, in itself or in the instances that its name leads through."""
    call, dot, rest = net.partition(".")
    if not dot:
        return any(net in (node.lower() for node in device.nodes) for device in scope.devices)
    device = scope.device(call)
    inside = netlist.scope(device.value) if device is not None and device.kind == "x" else None
    return inside is not None and has_net(netlist, inside, rest)
