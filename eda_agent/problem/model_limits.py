"""Model limits are the widths and lengths that the PDK's models cover: no range goes beyond them."""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.problem import expression
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.size_places import fingers_of, uses_of
from eda_agent.problem.space import Parameter
from eda_agent.problem.spec import Problem


def limits_of(edit: Edit, netlist: Netlist, subckt: str, pdk: Pdk) -> Iterator[tuple[Device, str, float, float]]:
    """(device, "w" or "l", least, most), in m, of every device of the PDK whose size is the value at a place. A size
    that an expression scales is left out, as is a width whose number of fingers is sized too.
    """
    for device, name in uses_of(edit, netlist, subckt):
        rule = pdk.device(device.value)
        key = rule.side(name) if rule is not None else name
        if rule is None or key not in {"w", "l"}:
            continue
        if not edit.device and expression.strip_quotes(device.params.get(name, "")).lower() != edit.attribute:
            continue
        # the models' range applies to a finger
        fingers = fingers_of(device, edit.scope or subckt, netlist, subckt) if key == "w" else 1.0
        if fingers is not None:
            least, most = rule.width if key == "w" else rule.length
            yield device, key, least * fingers, most * fingers


def model_limits(problem: Problem, parameter: Parameter) -> tuple[float, ...]:
    """The least and the largest value in m that the models allow a parameter; () for one that has no such limits."""
    if parameter.unit != "m":
        return ()
    found = [
        (least / place.ratio, most / place.ratio)
        for place in parameter.places
        for _, _, least, most in limits_of(place.edit, problem.netlist, problem.subckt, problem.pdk)
    ]
    return (max(least for least, _ in found), min(most for _, most in found)) if found else ()
