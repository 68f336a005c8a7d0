"""The corners of a draft are its nominal one, or a set of the PDK around the draft's own supply."""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.conditions import supply_of
from eda_agent.problem.load_corners import SETS, named_set
from eda_agent.problem.spec import Corner

NOMINAL = SETS[0]


def check_set(name: str | None) -> str:
    """The name of a set of corners; nominal for None. Raises `InputError` for another name."""
    if name not in {None, *SETS}:
        raise InputError(
            Finding(f"unknown set of corners {str(name)[:40]!r}", where="corners", fix=f"one of {', '.join(SETS)}")
        )
    return name or NOMINAL


def corner_lines(draft: Draft) -> list[str]:
    """The lines of `corners:`; the set by its name where the spec then reads the same corners."""
    nominal = Corner("nominal", draft.process, supply_of(draft), _temperature(draft), {})
    if draft.corners == NOMINAL:
        return _lines([nominal])
    wanted = [nominal, *named_set(draft.corners, draft.pdk, supply_of(draft))[1:]]
    if tuple(wanted) == named_set(draft.corners, draft.pdk):
        return [f"corners: {draft.corners}"]
    return _lines(wanted)


def _lines(corners: Sequence[Corner]) -> list[str]:
    rows = (
        f"  {one.name}: {{process: {one.process}, vdd: {one.vdd:g}, temperature: {one.temperature:g}}}"
        for one in corners
    )
    return ["corners:", *rows]


def _temperature(draft: Draft) -> float:
    return 27.0 if draft.temperature is None else draft.temperature
