"""Matching in a spec is `match`, `mirrors` and `ratios`: places of the netlist that follow a parameter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.size_places import VALUE_UNITS
from eda_agent.units import QuantityError, parse_quantity

RATIO_KEYS = ("of", "ratio")


def match_groups(node: LocatedNode | None, netlist: Netlist, subckt: str) -> tuple[tuple[str, ...], ...]:
    result = []
    for entry in node.items("match") if node else ():
        names = tuple(child.text("a device").lower() for child in entry.items("a match group"))
        resolved = []
        for name in names:
            scope, _, device_name = name.rpartition(".")
            cell = netlist.subcircuits.get(scope or subckt)
            device = _device(cell, device_name) if cell else None
            if device is None:
                entry.wrong(
                    f"the subcircuit has no device {name!r}",
                    f"it has: {', '.join(d.name for d in netlist.subcircuits[subckt].devices[:20])}; a device of"
                    " another cell is CELL.DEVICE",
                )
            else:
                resolved.append(f"{scope}.{device.name}" if scope and scope != subckt else device.name)
        if len(resolved) > 1:
            result.append(tuple(resolved))
    return tuple(result)


def _device(scope: Subcircuit, name: str) -> Device | None:
    # designers write M1 for XM1 in the netlist of a PDK
    return scope.device(name) or scope.device("x" + name)


def read_ratios(node: LocatedNode | None, fields: Mapping[str, LocatedNode]) -> dict[str, tuple[str, float]]:
    result = {}
    parameters = fields["parameters"].mapping("parameters")
    for name, entry in node.mapping("ratios").items() if node else ():
        values = entry.mapping("a ratio")
        entry.only(*RATIO_KEYS)
        leader = values["of"].text("of") if "of" in values else ""
        if leader not in parameters:
            entry.wrong(f"{leader or 'of'!r} is not a parameter of this spec", "write {of: a parameter, ratio: 2}")
        if name in parameters:
            entry.wrong(f"{name} is a parameter and also follows {leader}", "remove one of the two")
        try:
            ratio = parse_quantity(values["ratio"].text("ratio")) if "ratio" in values else 1.0
        except QuantityError as error:
            values["ratio"].wrong(str(error))
            ratio = 1.0
        if ratio <= 0:
            entry.wrong("a ratio is above 0")
        result[name] = (leader, ratio)
    return result


def ratio_places(
    name: str,
    ratios: Mapping[str, tuple[str, float]],
    groups: Sequence[tuple[str, ...]],
    own: Collection[Edit],
    netlist: Netlist,
    subckt: str,
) -> list[tuple[Edit, float]]:
    """The places that follow a parameter by a ratio; a device that follows leads its match group, but for the
    parameter's `own` places.
    """
    result: dict[Edit, float] = {}
    led: dict[Edit, float] = {}
    for follower, (leader, ratio) in ratios.items():
        if leader == name:
            places = places_named(follower, netlist, subckt)
            result |= dict.fromkeys(places, ratio)
            led |= {edit: ratio for group in groups for edit in matched_places(places, group, netlist, subckt)}
    return [*result.items(), *((edit, ratio) for edit, ratio in led.items() if edit not in {*result, *own})]


def places_named(name: str, netlist: Netlist, subckt: str) -> list[Edit]:
    """A `.param` or header default, device.attribute or an R, C or source; first inside the subcircuit, then at the
    top.
    """
    if "." in name:
        path, _, attribute = name.lower().rpartition(".")
        scope, device = subckt, path
        if "." in path:
            scope, _, device = path.rpartition(".")
        edits = [Edit(scope, device, attribute), Edit(scope, "x" + device, attribute)]
        if path in netlist.subcircuits and attribute[0] in VALUE_UNITS:
            # CELL.C1: the number of an element of another cell
            edits.append(Edit(path, attribute, "value"))
        found = [edit for edit in edits if netlist.value_text(edit) is not None][:1]
        return found + [twin for edit in found for twin in _twins(edit, netlist)]
    edits = [Edit(subckt, "", name.lower()), Edit("", "", name.lower())]
    found = [edit for edit in edits if netlist.value_text(edit) is not None][:1]
    if found:
        return found
    # R, C and sources have one number and need no attribute
    element = Edit(subckt, name.lower(), "value")
    text = netlist.value_text(element)
    return [element] if text and name.lower()[0] in VALUE_UNITS else []


def _twins(edit: Edit, netlist: Netlist) -> list[Edit]:
    """xschem writes the number of units twice, as m for ngspice and as mult for the foundry's mismatch: if both are
    equal, both follow.
    """
    twin = Edit(edit.scope, edit.device, "mult")
    return [twin] if edit.attribute == "m" and netlist.value_text(twin) == netlist.value_text(edit) else []


def matched_places(edits: list[Edit], group: tuple[str, ...], netlist: Netlist, subckt: str) -> list[Edit]:
    result = []
    for edit in edits:
        name = edit.device if edit.scope == subckt else f"{edit.scope}.{edit.device}"
        if not edit.device or name not in group:
            continue
        mine = netlist.value_text(edit)
        for other in group:
            scope, _, device = other.rpartition(".")
            place = Edit(scope or subckt, device, edit.attribute)
            text = netlist.value_text(place)
            # the units of a mirror are equal and their number is the ratio: m is tied only if it was equal
            if place != edit and text is not None and (edit.attribute not in {"m", "mult"} or text == mine):
                result.append(place)
    return result


def is_unit(edit: Edit, mirror: tuple[str, ...], netlist: Netlist, subckt: str) -> bool:
    """Whether a place belongs to the unit of which all devices of a mirror are made: their ratio is m if any has one,
    else the width.
    """
    paths = [name.rpartition(".") for name in mirror]
    counted = any(netlist.value_text(Edit(scope or subckt, device, "m")) is not None for scope, _, device in paths)
    return edit.attribute in {"l", "nf"} or (edit.attribute == "w" and counted)
