"""An unset name is a size or a value that a netlist writes as a name without a value, as topologies for optimizers do.

Each becomes a `.param` with a usual starting value, which is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem import expression
from eda_agent.problem.draft.bare import starting_sizes
from eda_agent.problem.element import Device
from eda_agent.problem.logical_line import is_title
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.registry import DeviceRule, Pdk
from eda_agent.spice_numbers import parse_spice_number

_VALUES = {"r": "10k", "c": "1p", "l": "1n", "i": "5u", "v": "0"}
_SHOWN = 6


def unset_names(netlist: Netlist, subckt: str, pdk: Pdk) -> dict[str, str]:
    """Name → starting value as a netlist writes it, for every name without one in a cell and those that it calls."""
    result: dict[str, str] = {}
    models = {line.text.split()[1].lower() for line in netlist.lines if line.card == ".model"} | pdk.devices.keys()
    for scope in netlist.reached(subckt):
        known = {*netlist.top.params, *scope.params, *scope.defaults}
        for device in scope.devices:
            for text, start in _places(device, pdk):
                if text.lower() in models:
                    continue
                unset = [name for name in _names(text) if name not in known and name not in result]
                result |= {name: _solved(text, name, start) if len(unset) == 1 else start for name in unset}
        # a parameter that is computed from a name without a value
        for text in {**netlist.top.params, **scope.params}.values():
            result |= {name: "1" for name in _names(text) if name not in known and name not in result}
    return result


def with_values(text: str, values: dict[str, str], notes: list[str]) -> str:
    """The netlist's text with a `.param` for each name, at its top."""
    listed = ", ".join(f"{name} = {value}" for name, value in list(values.items())[:_SHOWN])
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    notes.append(f"names without a value got a starting value: {listed}{more}; write .param for your own")
    lines = text.splitlines(keepends=True)
    titled = bool(lines) and (is_title(lines[0].strip()) or lines[0].lstrip().startswith("*"))
    cards = [f".param {name}={value}\n" for name, value in values.items()]
    return "".join([*lines[:titled], *cards, *lines[titled:]])


def refuse(values: Iterable[str], path: Path) -> None:
    """Raise `InputError` for names without a value where no PDK tells a usual size."""
    names = list(values)
    listed = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    raise InputError(
        Finding(
            f"sizes are names without a value: {listed}",
            path,
            fix=".param NAME=VALUE gives each its value, in the netlist or in a file that it includes",
        )
    )


def _places(device: Device, pdk: Pdk) -> list[tuple[str, str]]:
    """(text of a size or value, its starting value)."""
    rule = pdk.device(device.value)
    places = [(text, _start(key, rule, pdk)) for key, text in device.params.items() if key in {"w", "l", "m", "nf"}]
    # an R or C line with sizes names a model
    modelled = device.kind in "rcl" and device.params.keys() - {"m", "tc1", "tc2"}
    return places + ([(device.value, _VALUES[device.kind])] if device.kind in _VALUES and not modelled else [])


def _start(key: str, rule: DeviceRule | None, pdk: Pdk) -> str:
    if key in {"m", "nf"}:
        return "1"
    if rule is None or not rule.is_fet:
        return "5" if pdk.scale != 1.0 else "5u"
    return f"{starting_sizes(rule, pdk)[key] / pdk.scale:.6g}"


def _solved(text: str, name: str, start: str) -> str:
    """The value of a name at which a size that is linear in it is at its start: 0.4 in `0.08+l1*0.92` for 0.45."""
    node, wanted = expression.parse(text), parse_spice_number(start)
    try:
        at = [expression.evaluate(node, {name: value}) for value in (0.0, 1.0, 2.0)]
    except expression.ExpressionError:
        return start
    slope = at[1] - at[0]
    if wanted is not None and slope and not math.isclose(at[2] - at[1], slope):
        return _share(node, name, wanted) or start
    if wanted is None or not slope or (wanted - at[0]) / slope <= 0:
        return start
    return f"{(wanted - at[0]) / slope:.6g}"


def _share(node: expression.Node, name: str, wanted: float) -> str:
    """The value between 0 and 1 at which an expression that is not linear is nearest to a size, as 0.5 in
    `pwr(10, x*4-2)*1e-12` for 1 pF; "" if it comes nowhere near.
    """
    values = {place / 100: expression.evaluate(node, {name: place / 100}) for place in range(1, 100)}
    near = {place: abs(math.log(value / wanted)) for place, value in values.items() if value > 0 < wanted}
    best = min(near, key=lambda place: near[place], default=None)
    return f"{best:.6g}" if best is not None and near[best] < 1.0 else ""


def _names(text: str) -> list[str]:
    try:
        return sorted(expression.names(expression.parse(text)))
    except expression.ExpressionError:
        return []
