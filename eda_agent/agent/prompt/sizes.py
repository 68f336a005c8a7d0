"""The sizes in a prompt: their units, ranges and roles; sizes of one device share a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.space import Parameter
from eda_agent.problem.spec import Problem
from eda_agent.units import format_quantity

DIMENSIONS = (" width", " length")
"""Ends of a role that the attribute in the netlist says as well."""


def sizes_text(problem: Problem, circuit: str = "") -> str:
    """The ranges by unit and grid. `circuit`: the netlist that the reader has, whose roles need not be repeated."""
    roles = _roles(circuit)
    kinds: dict[str, list[Parameter]] = {}
    for one in problem.space.parameters:
        grid = f", grid {format_quantity(one.step)}" if one.step else ""
        head = f"In {one.unit}{grid}:" if one.unit else "Numbers, whole:" if one.step == 1.0 else f"Numbers{grid}:"
        kinds.setdefault(head, []).append(one)
    lines = ["## Sizes, with their ranges"]
    for head, members in kinds.items():
        lines.append(head)
        for together in _together(members):
            ranges, role = ", ".join(_range(one) for one in together), _role(together)
            words = set((_stem(role) or role).split())
            said = all(any(words <= text for text in roles.get(one.name, ())) for one in together)
            lines.append(ranges if said or not words else f"{ranges}: {role}")
    untied = [group for group in problem.groups if not circuit or not _one_text(problem, group)]
    if untied:
        lines.append("Matched: " + "; ".join(" = ".join(group) for group in untied))
    return "\n".join(lines)


def _roles(circuit: str) -> dict[str, list[set[str]]]:
    """Name of a size → the words of the roles of each device that has it."""
    found: dict[str, list[set[str]]] = {}
    for line in circuit.splitlines():
        code, _, role = line.partition(" ; ")
        for name in re.findall(r"[\w.]+", code):
            found.setdefault(name, []).append(set(role.split()))
    return found


def _together(members: list[Parameter]) -> list[list[Parameter]]:
    """Neighbours that are width and length of the same role."""
    groups: list[list[Parameter]] = []
    for one in members:
        before = groups[-1] if groups else []
        if len(before) == 1 and before[0].role != one.role and _stem(before[0].role) == _stem(one.role) != "":
            before.append(one)
        else:
            groups.append([one])
    return groups


def _stem(role: str) -> str:
    """A role without the dimension at its end; empty if there is none."""
    return next((role.removesuffix(end) for end in DIMENSIONS if role.endswith(end)), "")


def _role(together: list[Parameter]) -> str:
    return _stem(together[0].role) if len(together) > 1 else together[0].role


def _range(one: Parameter) -> str:
    low, high = format_quantity(one.minimum), format_quantity(one.maximum)
    return f"{one.name} fixed at {low}" if one.minimum == one.maximum else f"{one.name} {low}–{high}"


def _one_text(problem: Problem, group: Sequence[str]) -> bool:
    """Whether devices have the same widths and lengths in the netlist as it is shown, so that it says the match."""
    names = {
        (place.edit.device.lower(), place.edit.attribute): one.name
        for one in problem.space.parameters
        for place in one.places
    }
    devices = [problem.netlist.subcircuits[problem.subckt].device(name) for name in group]
    found = {
        tuple(names.get((one.name, key), one.params.get(key, "")) for key in ("w", "l")) if one is not None else ()
        for one in devices
    }
    return len(found) == 1 and () not in found
