"""Importance orders the sizes of a large circuit as a designer turns them: the signal path, the few resistors
that set a ratio, the currents, and the number of bipolars last.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.groups import device_at
from eda_agent.problem.draft.kinds import OSCILLATORS
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import initial_value, uses_of

_CURRENT = ("tail source", "clocked tail", "bias diode", "bias source", "current source", "starving")
_SIDE = ("start-up", "switch", "precharge", "bypass capacitor", "load capacitor", "dummy")
_BIPOLAR = 6


def by_importance(draft: Draft, places: list[tuple[str, Edit]], most: int) -> list[tuple[str, Edit]]:
    """The places, the most important first if there are more than `most`, otherwise in their order."""
    widths = {(edit.scope, edit.device) for _, edit in places if edit.attribute == "w"}
    # a multiplier of 1 beside a width says nothing that the width does not
    kept = [
        (name, edit)
        for name, edit in places
        if not ((edit.scope, edit.device) in widths and edit.attribute in {"m", "mult"} and _is_one(draft, edit))
    ]
    if len(kept) <= most:
        return kept
    roles = {id(device_at(draft, label).line): role for label, role in draft.structure.roles.items()}
    return sorted(kept, key=lambda place: _rank(draft, place[1], roles, widths))


def _is_one(draft: Draft, edit: Edit) -> bool:
    return initial_value(edit, draft.netlist, draft.subckt) == 1


def _rank(draft: Draft, edit: Edit, roles: dict[int, str], widths: set[tuple[str, str]]) -> int:
    uses = uses_of(edit, draft.netlist, draft.subckt)
    known = [role for device, _ in uses if (role := roles.get(id(device.line))) is not None]
    if not known:
        return _BIPOLAR
    rank = min(_of_role(role) for role in known)
    if draft.kind.name in OSCILLATORS and any(role.endswith(("resistor", "capacitor")) for role in known):
        # its resistors and capacitors set the period
        return 0
    # the width turns the same
    return max(rank, 3) if edit.attribute == "m" and (edit.scope, edit.device) in widths else rank


def _of_role(role: str) -> int:
    if role.startswith(_SIDE):
        return 5
    if role.endswith("resistor") and not role.startswith(("nulling", "feedback")):
        return 1
    if role.startswith(_CURRENT):
        return 2
    if role.endswith(("capacitor", "inductor")) and not role.startswith(("compensation", "feedback")):
        return 4
    return 0
