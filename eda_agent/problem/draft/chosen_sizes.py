"""Chosen sizes are the parameters that the user wants (`--size`) or keeps as they are (`--keep`), by device or name.

A matched device follows its group: naming one of them names all.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.answers import fits
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.groups import grouped
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import uses_of

Place = tuple[str, Edit]
"""(name in the spec, place in the netlist)."""


def chosen(draft: Draft, places: Sequence[Place]) -> list[Place]:
    """The places that are sized. Raises `InputError` for a pattern that fits none."""
    answers = draft.answers
    if not answers.size and not answers.keep:
        return list(places)
    names = {edit: _names(draft, name, edit) for name, edit in places}
    for option, patterns in (("--size", answers.size), ("--keep", answers.keep)):
        for pattern in patterns:
            if not any(fits([pattern], found) for found in names.values()):
                every = [name for name, _ in places]
                near = difflib.get_close_matches(pattern, [name.lower() for name in every], 8, 0.4)
                listed = ", ".join([name for name in every if name.lower() in near] or every[:12])
                raise InputError(
                    Finding(f"{pattern} names no size of the circuit", where=option, fix=f"there are {listed}")
                )
    kept = [place for place in places if not fits(answers.keep, names[place[1]])]
    return [place for place in kept if not answers.size or fits(answers.size, names[place[1]])]


def _names(draft: Draft, name: str, edit: Edit) -> set[str]:
    """All names of a place, in lower case: its own, its device's, its cell's, and those of the devices that it sizes or
    that follow them.
    """
    devices = {device.name.lower() for device, _ in uses_of(edit, draft.netlist, draft.subckt)}
    groups = grouped(draft)
    for group in (*groups.match, *groups.mirrors):
        if devices & {member.rpartition(".")[2].lower() for member in group}:
            devices |= {member.lower() for member in group}
    parts = name.lower().split(".")
    own = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return {*own, *devices} if edit.device else {name.lower(), edit.attribute.lower(), *devices}
