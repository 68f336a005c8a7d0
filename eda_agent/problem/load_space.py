"""Loading of the design space: `parameters`, `match` and `ratios` of spec.yaml, tied to places in the netlist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from eda_agent.problem import expression
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.size_places import (
    COUNTS,
    VALUE_UNITS,
    fingers_of,
    initial_value,
    place_unit,
    show_place,
    uses_of,
)
from eda_agent.problem.space import DesignSpace, Parameter, Place
from eda_agent.units import QuantityError, format_quantity, parse_quantity

_TOO_SMALL = 1e-9
"""In m: no device is this small, but a size in micrometres with an additional prefix is."""
PARAMETER_KEYS = ("min", "max", "step", "scale", "unit", "role", "integer", "lock", "start")
RATIO_KEYS = ("of", "ratio")


def load_space(
    fields: Mapping[str, LocatedNode], netlist: Netlist, subckt: str, pdk: Pdk
) -> tuple[DesignSpace, tuple[tuple[str, ...], ...]]:
    """The design space and the match groups; findings go to the report of the nodes."""
    groups = _groups(fields.get("match"), netlist, subckt)
    mirrors = _groups(fields.get("mirrors"), netlist, subckt)
    ratios = _ratios(fields.get("ratios"), fields)
    parameters = []
    taken: dict[Edit, str] = {}
    for name, node in fields["parameters"].mapping("parameters").items():
        edits = _places(name, netlist, subckt)
        if not edits:
            node.wrong(f"the circuit has no parameter {name!r}", _near(name, netlist, subckt))
            continue
        followers = [(edit, 1.0) for edit in edits]
        for group in groups:
            followers += [(edit, 1.0) for edit in _matched(edits, group, netlist, subckt)]
        for group in mirrors:
            followers += [
                (edit, 1.0) for edit in _matched(edits, group, netlist, subckt) if _unit(edit, group, netlist, subckt)
            ]
        followers = list(dict.fromkeys(followers))
        for follower, (leader, ratio) in ratios.items():
            if leader == name:
                followers += [(edit, ratio) for edit in _places(follower, netlist, subckt)]
        for edit, _ in followers:
            if taken.setdefault(edit, name) != name:
                node.wrong(
                    f"{name} and {taken[edit]} both set {show_place(edit)}",
                    "one parameter per place; use match or ratios",
                )
        parameter = _parameter(name, node, followers, netlist, subckt, pdk)
        if parameter is not None:
            parameters.append(parameter)
    if not parameters and not fields["parameters"].report.findings:
        fields["parameters"].wrong("there is no parameter", "name at least one, with min and max")
    return DesignSpace(tuple(parameters)), groups + mirrors


def _places(name: str, netlist: Netlist, subckt: str) -> list[Edit]:
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


def _near(name: str, netlist: Netlist, subckt: str) -> str:
    import difflib

    scope = netlist.subcircuits[subckt]
    known = [*scope.params, *scope.defaults, *netlist.top.params]
    known += [f"{device.name}.{parameter}" for device in scope.devices for parameter in device.params]
    near = difflib.get_close_matches(name.lower(), known, 3)
    return (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"a .param ({', '.join(known[:8]) or 'none'}) or device.parameter such as m1.w"
    )


def _groups(node: LocatedNode | None, netlist: Netlist, subckt: str) -> tuple[tuple[str, ...], ...]:
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


def _matched(edits: list[Edit], group: tuple[str, ...], netlist: Netlist, subckt: str) -> list[Edit]:
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


def _unit(edit: Edit, mirror: tuple[str, ...], netlist: Netlist, subckt: str) -> bool:
    """Whether a place belongs to the unit of which all devices of a mirror are made: their ratio is m if any has one,
    else the width.
    """
    paths = [name.rpartition(".") for name in mirror]
    counted = any(netlist.value_text(Edit(scope or subckt, device, "m")) is not None for scope, _, device in paths)
    return edit.attribute in {"l", "nf"} or (edit.attribute == "w" and counted)


def _ratios(node: LocatedNode | None, fields: Mapping[str, LocatedNode]) -> dict[str, tuple[str, float]]:
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


def _parameter(
    name: str, node: LocatedNode, followers: list[tuple[Edit, float]], netlist: Netlist, subckt: str, pdk: Pdk
) -> Parameter | None:
    values = node.mapping("a parameter")
    node.only(*PARAMETER_KEYS)
    if "min" not in values or "max" not in values:
        node.wrong("a parameter needs min and max", "write {min: 1u, max: 100u}")
        return None
    unit, netlist_scale = place_unit(followers[0][0], netlist, subckt, pdk)
    if "unit" in values:
        unit = values["unit"].text("unit")
    places = tuple(Place(edit, ratio, place_unit(edit, netlist, subckt, pdk)[1]) for edit, ratio in followers)
    numbers: dict[str, float] = {}
    for key in ("min", "max", "step", "start"):
        if key in values:
            try:
                numbers[key] = parse_quantity(values[key].text(key), unit)
            except QuantityError as error:
                values[key].wrong(str(error))
                return None
    low, high, step = numbers["min"], numbers["max"], numbers.get("step")
    scale = values["scale"].text("scale") if "scale" in values else "lin"
    if low > high:
        node.wrong(f"min {format_quantity(low, unit)} is above max {format_quantity(high, unit)}", "exchange them")
        return None
    if scale not in {"lin", "log"}:
        values["scale"].wrong("scale is lin or log")
        scale = "lin"
    if scale == "log" and low <= 0:
        values["min"].wrong("a log scale needs a min above 0")
        return None
    if ("integer" in values and values["integer"].text("integer").lower() in {"true", "yes"}) or (
        unit == "" and _attribute(followers[0][0], netlist, subckt) in COUNTS
    ):
        step = step or 1.0
    if step is not None and (step <= 0 or step > max(high - low, abs(high))):
        values["step"].wrong("the step is above 0 and below the range")
        return None
    _check_rules(name, node, followers[0][0], netlist, subckt, pdk, low, high, unit)
    initial = numbers.get("start")
    if initial is None:
        initial = initial_value(followers[0][0], netlist, subckt)
        if initial is None:
            node.wrong("the netlist's own value is not a plain number", "write start: with the initial value")
            return None
        if unit == "m" and netlist_scale != 1.0 and 0 < initial * netlist_scale < _TOO_SMALL:
            node.wrong(
                f"{name} is {format_quantity(initial * netlist_scale, 'm')}: sizes in netlists of {pdk.name} are"
                f" numbers of {format_quantity(netlist_scale, 'm')}",
                f"write {initial / netlist_scale:g} in the netlist, not {format_quantity(initial).replace(' ', '')}",
            )
            return None
        initial = float(f"{initial * netlist_scale:.12g}")
    lock = "lock" in values and values["lock"].text("lock").lower() in {"true", "yes"}
    if lock:
        low = high = initial
    role = values["role"].text("role") if "role" in values else ""
    return Parameter(name, low, high, unit, cast(Literal["lin", "log"], scale), step, role, initial, places, lock)


def _attribute(edit: Edit, netlist: Netlist, subckt: str) -> str:
    uses = uses_of(edit, netlist, subckt)
    return uses[0][1] if uses else ""


def _check_rules(
    name: str,
    node: LocatedNode,
    edit: Edit,
    netlist: Netlist,
    subckt: str,
    pdk: Pdk,
    low: float,
    high: float,
    unit: str,
) -> None:
    """Report a range that the PDK's models do not cover, before anything is simulated."""
    for device, key in uses_of(edit, netlist, subckt):
        rule = pdk.device(device.value)
        text = device.params.get(key, "")
        key = rule.side(key) if rule is not None else key
        if rule is None or key not in {"w", "l"} or unit != "m":
            continue
        if not edit.device and expression.strip_quotes(text).lower() != edit.attribute:
            continue  # scaled by an expression: the elaborated sizes are checked instead
        least, most = rule.width if key == "w" else rule.length
        if key == "w":
            # the models' range applies to a finger; if the number of fingers is sized too, the elaborated sizes are
            # checked instead
            fingers = fingers_of(device, edit.scope or subckt, netlist, subckt)
            if fingers is None:
                continue
            least, most = least * fingers, most * fingers
        if low < least * (1 - 1e-9) or high > most * (1 + 1e-9):
            node.wrong(
                f"{name} from {format_quantity(low, 'm')} to {format_quantity(high, 'm')}: {device.value} allows"
                f" {key.upper()} from {format_quantity(least, 'm')} to {format_quantity(most, 'm')}",
                f"{format_quantity(max(low, least), 'm')} to {format_quantity(min(high, most), 'm')}, in metres with a"
                " prefix (4u, not 4)",
            )
            return
