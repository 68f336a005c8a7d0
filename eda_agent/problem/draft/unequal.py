"""An unequal group is a set of devices that symmetry asks to be equal and that a netlist sizes differently.

A draft leaves each with its own parameters, and says so.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.groups import canonical, path_of
from eda_agent.units import format_quantity

_ROLES = frozenset(["input pair", "inner pair", "load mirror"])
"""Roles of devices whose ratio a designer chooses only for offset or gain."""


SIDES = ("w", "l", "m")


def sizes_of(draft: Draft, label: str) -> dict[str, str]:
    """W, L and m of a device as a person reads them."""
    path = path_of(draft, label)
    texts = {side: canonical(draft, path, side) for side in SIDES}
    return {side: _shown(text, side, draft.pdk.scale) for side, text in texts.items()}


def _shown(text: str, side: str, scale: float) -> str:
    try:
        number = float(text or "1")
    except ValueError:
        return text
    return f"{number:g}" if side == "m" else format_quantity(number * scale, "m")


def unequal_groups(draft: Draft) -> list[str]:
    """A sentence for each matched group of a signal path whose devices differ in size."""
    result = []
    for group in draft.structure.matched:
        alike = [label for label in group if draft.structure.roles[label] in _ROLES]
        lines = {path_of(draft, label): sizes_of(draft, label) for label in alike}
        differing = [side for side in SIDES if len({sizes[side] for sizes in lines.values()}) > 1]
        if len(lines) != 2 or not differing:
            continue
        first, second = (path.upper() for path in lines)
        one, other = lines.values()
        sizes = ", ".join(f"{side.upper()} {one[side]} and {other[side]}" for side in differing)
        result.append(
            f"{first} and {second} are not equal ({sizes}) although the circuit is symmetric in them: each keeps its"
            f" own parameters; for equal ones write  match: [[{first}, {second}]]  in the spec, without parameters of"
            f" {second}"
        )
    return result
