"""A start note tells where the first sizing differs from the netlist's own sizes, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping

from eda_agent.errors import Finding
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.size_places import own_value, show_place
from eda_agent.problem.space import DesignSpace, Parameter, Place
from eda_agent.units import format_quantity


def changed_at_start(space: DesignSpace, netlist: Netlist, subckt: str) -> list[tuple[Parameter, Place, float, float]]:
    """(parameter, place, the netlist's own number, the number in turn 0) wherever the two differ."""
    result = []
    start = space.edits(space.initial)
    for parameter in space.parameters:
        for place in parameter.places:
            own = own_value(place.edit, netlist, subckt)
            if own is not None and not math.isclose(own, start[place.edit], rel_tol=1e-9):
                result.append((parameter, place, own, start[place.edit]))
    return result


def start_notes(fields: Mapping[str, LocatedNode], space: DesignSpace, netlist: Netlist, subckt: str) -> list[Finding]:
    """The changes of the first sizing in the netlist, with their reasons."""
    result = []
    nodes = fields["parameters"].mapping("parameters")
    for parameter, place, own, now in changed_at_start(space, netlist, subckt):
        node = nodes[parameter.name]
        if "start" in node.mapping("a parameter"):
            continue
        shown, wanted = (format_quantity(value * place.scale, parameter.unit, 6) for value in (own, now))
        name = show_place(place.edit)
        clipped = not parameter.minimum <= parameter.initial <= parameter.maximum
        why = f"{parameter.name} is outside its range" if clipped else f"it follows {parameter.name}"
        result.append(node.noted(f"{name} is {shown} in the netlist; sizing starts at {wanted}: {why}"))
    return result
