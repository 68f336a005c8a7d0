"""A number that a drawing changes is written into the `.param` that its devices name, so that the parameter stays the
size of all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from eda_agent.problem.expression import strip_quotes
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.size_places import uses_of


def through_parameters(
    netlist: Netlist, subckt: str, sized: Mapping[Edit, float], drawn: Mapping[Edit, float], follow: Collection[str]
) -> dict[Edit, float]:
    """Place → number of both, with the drawn number of a parameter's devices in the parameter if it is the same in all.

    Args:
        sized: the places of the design space, in the netlist's units.
        drawn: the places on lines that the drawing changes.
        follow: parameters of devices that the drawing determines on every line, such as areas.
    """
    result = {**sized, **drawn}
    line_of = {id(device): (scope, device.name) for scope in netlist.subcircuits.values() for device in scope.devices}
    for edit in sized:
        if edit.device:
            continue
        places, exact = [], True
        for device, key in uses_of(edit, netlist, subckt):
            scope, name = line_of[id(device)]
            place = Edit(scope.name, name, key)
            if key in follow and place in drawn:
                continue
            shadowed = not edit.scope and edit.attribute in {**scope.params, **scope.defaults}
            exact &= strip_quotes(device.params.get(key, "")).lower() == edit.attribute and not shadowed
            places.append(place)
        numbers = {drawn.get(place) for place in places}
        if exact and len(numbers) == 1 and (number := numbers.pop()) is not None:
            result[edit] = number
            for place in places:
                del result[place]
    return result
