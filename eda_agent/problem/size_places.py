"""A size's place in the netlist has a value, a unit, and the device parameters that it feeds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from eda_agent.problem import expression
from eda_agent.problem.element import Device
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import Pdk

FINGERS = ("nf", "ng")
"""The foundries' names of the number of fingers."""
_GEOMETRY = {"w": 1, "l": 1, "pd": 1, "ps": 1, "ad": 2, "as": 2}
VALUE_UNITS = {"r": "Ohm", "c": "F", "l": "H", "v": "V", "i": "A"}
COUNTS = {"m", "nf", "mult", "ng", "nx"}
"""Parameters that are whole numbers."""


NO_LENGTH = 0.1
"""m: a size of 10 cm is a number in another unit."""


def own_value(edit: Edit, netlist: Netlist, subckt: str) -> float | None:
    """The netlist's own number in a place, in the netlist's unit; None if it depends on the calling cell or is not
    arithmetic.
    """
    text = netlist.value_text(edit)
    if edit.scope not in {"", subckt} and text is not None and _names(text):
        return None
    return initial_value(edit, netlist, subckt)


def initial_value(edit: Edit, netlist: Netlist, subckt: str) -> float | None:
    """The number in a place with the parameters' own values; None if it is not arithmetic."""
    text = netlist.value_text(edit)
    scope = netlist.subcircuits[subckt]
    known: dict[str, float] = {}
    for name, value in {**netlist.top.params, **scope.defaults, **scope.params}.items():
        try:
            known[name] = expression.evaluate(expression.parse(value), known)
        except ExpressionError:
            continue
    try:
        return expression.evaluate(expression.parse(text or ""), known)
    except ExpressionError:
        return None


def fingers_of(device: Device, scope: str, netlist: Netlist, subckt: str) -> float | None:
    """The number of fingers of a device in the netlist, 1 by default; None if it is not a number."""
    name = next((name for name in FINGERS if name in device.params), "")
    if not name:
        return 1.0
    value = own_value(Edit(scope, device.name, name), netlist, subckt)
    return max(value, 1.0) if value is not None else None


def uses_of(edit: Edit, netlist: Netlist, subckt: str) -> list[tuple[Device, str]]:
    """The device parameters that a place feeds, directly or through other parameters."""
    scopes = [netlist.subcircuits[edit.scope]] if edit.scope else list(netlist.subcircuits.values())
    if edit.device:
        device = netlist.subcircuits[edit.scope].device(edit.device)
        return [(device, edit.attribute)] if device else []
    names = {edit.attribute}
    texts = {key: text for scope in (netlist.top, *scopes) for key, text in {**scope.params, **scope.defaults}.items()}
    for _ in range(len(texts)):
        more = {key for key, text in texts.items() if key not in names and names & _names(text)}
        if not more:
            break
        names |= more
    result = []
    for scope in scopes:
        for device in scope.devices:
            texts_ = {**device.params, **({"value": device.value} if device.kind in VALUE_UNITS else {})}
            result += [(device, key) for key, text in texts_.items() if names & _names(text)]
    # a subcircuit call passes the value on: follow it by its name inside
    for device, key in list(result):
        if device.kind == "x" and device.value.lower() in netlist.subcircuits:
            result.remove((device, key))
            result += uses_of(Edit(device.value.lower(), "", key), netlist, subckt)
    return result


def _names(text: str) -> frozenset[str]:
    try:
        return expression.names(expression.parse(text))
    except ExpressionError:
        return frozenset()


def place_unit(edit: Edit, netlist: Netlist, subckt: str, pdk: Pdk) -> tuple[str, float]:
    """(unit, SI units per netlist unit) of a place, from the device parameter that it feeds."""
    uses = uses_of(edit, netlist, subckt)
    if is_count(edit, uses):
        return "", 1.0
    # w and l before the areas that are computed from them
    for device, parameter in sorted(uses, key=lambda use: use[1] not in {"w", "l"}):
        rule = pdk.device(device.value) if device.kind == "x" else None
        foundry, key = rule is not None, rule.side(parameter) if rule is not None else parameter
        if (device.kind == "m" or foundry) and key in _GEOMETRY:
            if _GEOMETRY[key] == 1 and _is_share(edit, device, parameter, netlist, subckt):
                return "", 1.0
            unit = pdk.scale if foundry else 1.0
            converted = _converted(edit, device, parameter, netlist, subckt) if _GEOMETRY[key] == 1 else 1.0
            return ("m" if _GEOMETRY[key] == 1 else "m²"), float(f"{unit ** _GEOMETRY[key] * converted:.12g}")
        if key == "value" and device.kind in VALUE_UNITS:
            return VALUE_UNITS[device.kind], 1.0
    return "", 1.0


def is_count(edit: Edit, uses: Iterable[tuple[Device, str]]) -> bool:
    """Whether a parameter is a whole number: it is a device's number of units or fingers, or that times a number."""
    return not edit.device and any(
        key in COUNTS and isinstance(_times(device.params.get(key, "")), expression.Name) for device, key in uses
    )


def _is_share(edit: Edit, device: Device, parameter: str, netlist: Netlist, subckt: str) -> bool:
    """Whether a `.param` is no length but the share of a range of lengths, as 0.18 in `w={0.12+w1*49.88}`."""
    start = initial_value(edit, netlist, subckt)
    if edit.device or not start:
        return False
    values = [evaluated(device.params.get(parameter, ""), edit, at, netlist, subckt) for at in (0.0, start, 2 * start)]
    known = [value for value in values if value is not None]
    if len(known) < 3 or not known[0] or not math.isclose(known[2] - known[1], known[1] - known[0], rel_tol=1e-9):
        return False
    steps = math.log10(abs(known[2] - known[1]) / abs(start)) / 3 if known[2] != known[1] else 0.0
    # further than a factor of 10 from every unit of length
    return abs(steps - round(steps)) > 1 / 3


def divides_a_width(edit: Edit, uses: Iterable[tuple[Device, str]]) -> bool:
    """Whether a parameter is the number of fingers that share a width: `w={W/N}` with `m={N}`."""
    texts = [device.params.get("w", "") for device, key in uses if key == "w"]
    return any(re.search(rf"/\s*\(?\s*{re.escape(edit.attribute)}\b", text, re.IGNORECASE) for text in texts)


def _times(text: str) -> expression.Node | None:
    """The factor beside plain numbers in a product."""
    try:
        node = expression.parse(text)
    except ExpressionError:
        return None
    while isinstance(node, expression.Call) and node.function == "*":
        rest = [one for one in node.arguments if not isinstance(one, expression.Number)]
        if len(rest) != 1:
            return None
        node = rest[0]
    return node


def _converted(edit: Edit, device: Device, parameter: str, netlist: Netlist, subckt: str) -> float:
    """The conversion of units between a `.param` and a device, such as 1e6 of `w={W1*1e6}`, or 1e-6 of `w={W1*1u}`
    if the parameter is no length in metres; 1 without one.
    """
    start = initial_value(edit, netlist, subckt)
    if edit.device or not start:
        return 1.0
    values = [evaluated(device.params.get(parameter, ""), edit, at, netlist, subckt) for at in (start, 2 * start)]
    if values[0] is None or values[1] is None or values[0] == values[1]:
        return 1.0
    found = 1000.0 ** round(math.log10(abs(values[1] - values[0]) / abs(start)) / 3)
    return found if abs(start) >= NO_LENGTH else max(found, 1.0)


def evaluated(text: str, edit: Edit, value: float, netlist: Netlist, subckt: str) -> float | None:
    """An expression of a device with one parameter at a value and the others at their own; None without a number."""
    scope = netlist.subcircuits[subckt]
    known = {edit.attribute: value}
    for name, own in {**netlist.top.params, **scope.defaults, **scope.params}.items():
        if name == edit.attribute:
            continue
        try:
            known[name] = expression.evaluate(expression.parse(own), known)
        except ExpressionError:
            continue
    try:
        return expression.evaluate(expression.parse(text), known)
    except ExpressionError:
        return None


def show_place(edit: Edit) -> str:
    """A place as text: cell, device and parameter, with dots."""
    return ".".join(part for part in (edit.scope, edit.device, edit.attribute) if part)
