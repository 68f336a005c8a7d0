"""A sizable parameter is a parameter of the netlist, or a number in it, that a draft proposes to size, with a legal
range and the role of its devices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from eda_agent.problem import expression
from eda_agent.problem.draft.chosen_sizes import chosen
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.groups import device_at, grouped, paths_of, ratios_of
from eda_agent.problem.draft.idle import dummy_words, idle_lines
from eda_agent.problem.draft.importance import by_importance
from eda_agent.problem.draft.inert import without_inert
from eda_agent.problem.draft.inner_loads import loads_of
from eda_agent.problem.draft.size_range import side_of, spelled
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.names import STANDARD_CELL
from eda_agent.problem.pdk import DeviceRule
from eda_agent.problem.size_places import (
    divides_a_width,
    initial_value,
    is_count,
    uses_of,
)

IDEAL = {"r": 50e6, "c": 1e-6, "l": 10e-6}
"""Ohm, F and H from which a passive is no part of a chip."""
MAX_PARAMETERS = 40
"""Maximum number of parameters of a draft."""


def places_of(draft: Draft) -> list[tuple[str, Edit]]:
    """(name in the spec, place): every `.param` or default that sets a size, then sizes written as plain numbers, one
    per match group.
    """
    scope = draft.netlist.subcircuits[draft.subckt]
    result: list[tuple[str, Edit]] = []
    seen: set[str] = set()
    tied = ratios_of(draft).of
    together: set[frozenset[tuple[int, str]]] = set()
    differing = draft.own_bench.text.calls.differing.get(draft.subckt, {}) if draft.own_bench else {}
    for owner, params in ((draft.subckt, {**scope.defaults, **scope.params}), ("", draft.netlist.top.params)):
        for name, text in params.items():
            edit = Edit(owner, "", name)
            if owner and name in differing:
                said = f"{name} is not sized: the deck's calls give it different values ({differing[name]})"
                draft.noticed += [said] if said not in draft.noticed else []
                continue
            # a parameter computed from others follows them
            made = expression.names(expression.parse(text)) if _is_expression(text) else frozenset(["?"])
            if name not in seen and not made and edit not in tied and _sizes(draft, edit):
                uses = uses_of(edit, draft.netlist, draft.subckt)
                seen.add(name)
                if is_count(edit, uses) and divides_a_width(edit, uses):
                    # the layout's choice: the width beside it is the size
                    continue
                sized = frozenset((id(device.line), key) for device, key in uses)
                # of two parameters that always stand in one product, one is enough
                if sized not in together or len(_factors(uses)) < 2:
                    result.append((spelled(draft, edit), edit))
                together.add(sized)
            seen.add(name)
    follows, loads, idle = grouped(draft).follows, loads_of(draft), idle_lines(draft, paths_of(draft))
    for scope in draft.netlist.reached(draft.subckt):
        inner = scope.name
        if inner != draft.subckt and STANDARD_CELL.search(inner):
            continue
        for device in scope.devices:
            path = device.name if inner == draft.subckt else f"{inner}.{device.name}"
            if path in idle:
                continue
            rule = draft.pdk.device(device.value)
            for attribute in _attributes(rule):
                text = device.params.get(attribute, "")
                leads = path not in follows.get(attribute, ()) and path not in draft.kind.switches
                leads = leads and Edit(inner, device.name, attribute) not in tied
                if text and leads and _is_number(text) and (device.kind == "m" or rule is not None):
                    edit = Edit(inner, device.name, attribute)
                    if not (attribute == "m" and rule is not None and _is_one_resistor(draft, rule, edit)):
                        result.append((spelled(draft, edit), edit))
            left_out = path in loads or path in draft.parasitics or path in follows.get("value", ())
            left_out = left_out or Edit(inner, device.name, "value") in tied
            if device.kind in "rcl" and _is_number(device.value) and not left_out:
                if _ideal(device):
                    said = f"{path} keeps {device.value}: no chip has such a value, so it serves the simulation"
                    draft.noticed += [said] if said not in draft.noticed else []
                    continue
                result.append(
                    (device.name.upper() if inner == draft.subckt else path, Edit(inner, device.name, "value"))
                )
    result = chosen(draft, without_inert(draft, result))
    _say_dummies(draft, result)
    return result if len(result) <= MAX_PARAMETERS else by_importance(draft, result, MAX_PARAMETERS)


def _is_one_resistor(draft: Draft, rule: DeviceRule, edit: Edit) -> bool:
    """Whether a place is the number of one resistor, whose length says its value."""
    return rule.type == "resistor" and bool(rule.free) and initial_value(edit, draft.netlist, draft.subckt) == 1


def _say_dummies(draft: Draft, places: Iterable[tuple[str, Edit]]) -> None:
    leaders = {edit for _, edit in places}
    tied = {edit for edit, (leader, _) in ratios_of(draft).of.items() if leader in leaders}
    draft.noticed += [said for said in dummy_words(draft, paths_of(draft), tied) if said not in draft.noticed]


def _attributes(rule: DeviceRule | None) -> tuple[str, ...]:
    """The parameters of a device that a designer chooses."""
    if rule is None:
        return "w", "l", "m"
    return (*rule.free, *rule.counts, "m")


def _sizes(draft: Draft, edit: Edit) -> bool:
    """Whether a place is a size: the value of a source inside the circuit, or its load, is a condition."""
    uses, loads = uses_of(edit, draft.netlist, draft.subckt), loads_of(draft)
    return any(
        (side_of(draft, device, key) in {"w", "l", "m"} and key in (*_attributes(draft.pdk.device(device.value)), "m"))
        or (key == "value" and device.kind in "rcl" and device.name not in loads)
        for device, key in uses
    )


def _factors(uses: Iterable[tuple[Device, str]]) -> frozenset[str]:
    """The names that stand in every one of these sizes."""
    texts = [device.params.get(key, "") for device, key in uses]
    found = [expression.names(expression.parse(text)) for text in texts if _is_expression(text)]
    return frozenset.intersection(*found) if found else frozenset()


def _is_expression(text: str) -> bool:
    try:
        expression.parse(text)
    except expression.ExpressionError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        return isinstance(expression.parse(text), expression.Number)
    except expression.ExpressionError:
        return False


def _ideal(device: Device) -> bool:
    """Whether a passive serves the simulation, such as a feedback that only DC sees."""
    number = expression.parse(device.value)
    return isinstance(number, expression.Number) and number.value >= IDEAL[device.kind]


def roles_by_line(draft: Draft) -> dict[int, list[str]]:
    """The functions of the devices behind each line of the netlist, by the line's identity."""
    result: dict[int, list[str]] = defaultdict(list)
    for label, role in draft.structure.roles.items():
        result[id(device_at(draft, label).line)].append(role)
    return result


def role_of(draft: Draft, edit: Edit, by_line: Mapping[int, Sequence[str]]) -> str:
    """The function of the devices that a place sizes, and the side of them. `by_line`: as from `roles_by_line`."""
    uses = [(device, side_of(draft, device, key)) for device, key in uses_of(edit, draft.netlist, draft.subckt)]
    uses = [use for use in uses if use[1] in {"w", "l", "m", "value"}]
    lines = {id(device.line) for device, _ in uses}
    roles = [role for line in lines for role in by_line.get(line, ())]
    if not roles:
        return ""
    common = sorted(set(roles), key=lambda role: (-roles.count(role), role))
    side = {"w": "width", "l": "length", "m": "multiplier", "value": ""}[uses[0][1]]
    return f"{' and '.join(common[:2])} {side}".strip()
