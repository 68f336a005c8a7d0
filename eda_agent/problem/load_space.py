"""Loading of the design space: `parameters`, `match` and `ratios` of spec.yaml, tied to places in the netlist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from eda_agent.problem.as_written import as_written
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.load_match import is_unit, match_groups, matched_places, places_named, ratio_places, read_ratios
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.model_limits import limits_of
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.size_places import (
    COUNTS,
    NO_LENGTH,
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


def load_space(
    fields: Mapping[str, LocatedNode], netlist: Netlist, subckt: str, pdk: Pdk
) -> tuple[DesignSpace, tuple[tuple[str, ...], ...]]:
    """The design space and the match groups; findings go to the report of the nodes."""
    groups = match_groups(fields.get("match"), netlist, subckt)
    mirrors = match_groups(fields.get("mirrors"), netlist, subckt)
    ratios = read_ratios(fields.get("ratios"), fields)
    parameters = []
    taken: dict[Edit, str] = {}
    for name, node in fields["parameters"].mapping("parameters").items():
        edits = places_named(name, netlist, subckt)
        if not edits:
            node.wrong(f"the circuit has no parameter {name!r}", _near(name, netlist, subckt))
            continue
        followers = [(edit, 1.0) for edit in edits]
        for group in groups:
            followers += [(edit, 1.0) for edit in matched_places(edits, group, netlist, subckt)]
        for group in mirrors:
            followers += [
                (edit, 1.0)
                for edit in matched_places(edits, group, netlist, subckt)
                if is_unit(edit, group, netlist, subckt)
            ]
        followers = list(dict.fromkeys(followers))
        followers += ratio_places(name, ratios, groups, [edit for edit, _ in followers], netlist, subckt)
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


def _near(name: str, netlist: Netlist, subckt: str) -> str:
    import difflib

    scope = netlist.subcircuits[subckt]
    known = [*scope.params, *scope.defaults, *netlist.top.params]
    known += [f"{device.name}.{parameter}" for device in scope.devices for parameter in device.params]
    text = netlist.text()
    near = difflib.get_close_matches(name.lower(), known, 3)
    written = [as_written(one, text) for one in near or known[:8]]
    return (
        f"did you mean {' or '.join(written)}?"
        if near
        else f"a .param ({', '.join(written) or 'none'}) or device.parameter such as m1.w"
    )


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
    if unit == "m" and _length(values["min"]) >= NO_LENGTH:
        # a bound in the netlist's own unit, as 0.1.0 read it
        netlist_scale, places = 1.0, tuple(Place(place.edit, place.ratio, 1.0) for place in places)
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
    lock = "lock" in values and values["lock"].text("lock").lower() in {"true", "yes", "on"}
    if lock:
        low = high = initial
    role = values["role"].text("role") if "role" in values else ""
    return Parameter(name, low, high, unit, cast(Literal["lin", "log"], scale), step, role, initial, places, lock)


def _length(node: LocatedNode) -> float:
    """A bound in m, 0 for a text that is no number."""
    try:
        return parse_quantity(node.text("min"), "m")
    except QuantityError:
        return 0.0


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
    if unit != "m":
        return
    # of a size that an expression scales, the elaborated sizes are checked instead
    for device, key, least, most in limits_of(edit, netlist, subckt, pdk):
        if low < least * (1 - 1e-9) or high > most * (1 + 1e-9):
            node.wrong(
                f"{name} from {format_quantity(low, 'm')} to {format_quantity(high, 'm')}: {device.value} allows"
                f" {key.upper()} from {format_quantity(least, 'm')} to {format_quantity(most, 'm')}",
                f"{format_quantity(max(low, least), 'm')} to {format_quantity(min(high, most), 'm')}, in metres with a"
                " prefix (4u, not 4)",
            )
            return
