"""The circuit in a prompt: its netlist with the role of each device, and with the names of the sizes in place of their
values, without what no designer reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_agent.errors import InputError
from eda_agent.problem.line_edit import Edit, assignments, edited
from eda_agent.problem.names import without_maker
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.recognise import recognise
from eda_agent.spice_numbers import parse_spice_number
from eda_agent.units import format_quantity, plain_number

JUNCTIONS = ("ad", "as", "pd", "ps", "nrd", "nrs", "sa", "sb", "sd")
"""Parameters of a transistor that follow from its layout."""
_HIDDEN = frozenset([".end", ".model", ".option", ".options"])

_ONE = re.compile(r"\s(?:nf|m|mult)\s*=\s*1(?:\.0*)?(?=\s|$)", re.IGNORECASE)
"""A parameter that says that there is one of something."""
_NAME = re.compile(r"(?<=[\s=])[{'](\w+)[}'](?=\s|$)")
"""A value that is the name of a parameter alone."""
_PLAIN = frozenset(["series resistor", "series capacitor", "device"])
"""Roles that the connections say already."""
_RATIO = 1e-9
"""Relative difference up to which two ratios are one."""


def circuit_text(problem: Problem) -> str:
    """The netlist of the circuit, one device per line, each with its role behind a semicolon."""
    roles, sizes, inside, lines = _roles_by_line(problem), _size_names(problem), "", []
    for line in problem.netlist.lines:
        inside = line.text.split()[1].lower() if line.card == ".subckt" else inside
        if not line.text or line.card in _HIDDEN:
            continue
        name = line.text.split()[0].lower()
        key = "" if line.card == ".subckt" else name
        text = _named(line.text, sizes.get((inside, key), {}))
        if line.card in {".param", ".params"}:
            text = _fixed_parameters(problem, line.text)
        elif not line.card.startswith("."):
            text = _device(problem, text)
        role = roles.get((inside, name), "")
        if text:
            lines.append(f"{text} ; {role}" if role and not line.card.startswith(".") else text)
        inside = "" if line.card == ".ends" else inside
    return "\n".join(lines)


def device_roles(problem: Problem) -> dict[str, str]:
    """Device → role; none if the circuit does not elaborate."""
    try:
        return dict(recognise(problem.netlist, problem.subckt, problem.pdk).roles)
    except InputError:
        return {}


def _size_names(problem: Problem) -> dict[tuple[str, str], dict[str, str]]:
    """(subcircuit, device) → attribute → the size that is written there; device "" is the subcircuit's header."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in problem.space.parameters:
        for place in one.places:
            multiple = abs(place.ratio - 1.0) > _RATIO
            text = f"{{{plain_number(place.ratio)}*{one.name}}}" if multiple else one.name
            key = place.edit.scope.lower(), place.edit.device.lower()
            found.setdefault(key, {})[place.edit.attribute] = text
    return found


def _named(text: str, sizes: Mapping[str, str]) -> str:
    """A line with the names of its sizes in place of their values."""
    for attribute, size in sizes.items():
        new = edited(text, Edit("", "x", attribute), size)
        if new is None and attribute != "value":
            # the file leaves it out, which means 1
            new = f"{text} {attribute}={size}"
        text = new or text
    return _NAME.sub(r"\1", text)


def _fixed_parameters(problem: Problem, text: str) -> str:
    """A `.param` line without what is sized; empty if nothing is left."""
    sized = {place.edit.attribute for one in problem.space.parameters for place in one.places if not place.edit.device}
    fixed = [f"{key}={value}" for key, value in assignments(text).items() if key not in sized]
    return f".param {' '.join(fixed)}" if fixed else ""


def _roles_by_line(problem: Problem) -> dict[tuple[str, str], str]:
    """(cell, device) → the role of the device, if it is the same in every instance of the cell, and says something."""
    found: dict[tuple[str, str], set[str]] = {}
    cells = problem.netlist.subcircuits
    for label, role in device_roles(problem).items():
        *path, name = label.split(".")
        cell = problem.subckt
        for call in path:
            device = cells[cell].device(call) if cell in cells else None
            cell = device.value.lower() if device is not None else ""
        found.setdefault((cell, name), set()).add(role)
    return {line: next(iter(roles)) for line, roles in found.items() if len(roles) == 1 and not roles & _PLAIN}


def _device(problem: Problem, text: str) -> str:
    """A device's line without its junctions and the maker's prefix, its sizes in metres."""
    for key in JUNCTIONS:
        while key in assignments(text):
            shorter = edited(text, Edit("", "x", key), "")
            if shorter is None or shorter == text:
                break
            text = shorter
    text = _ONE.sub("", text)
    if problem.pdk.scale != 1.0 and any(problem.pdk.device(word) is not None for word in text.split()[1:]):
        # one unit for one quantity: parameters are in metres everywhere else
        for key in ("w", "l"):
            number = parse_spice_number(assignments(text).get(key, ""))
            if number is not None:
                text = edited(text, Edit("", "x", key), format_quantity(number * problem.pdk.scale)) or text
    return without_maker(" ".join(text.split()))
