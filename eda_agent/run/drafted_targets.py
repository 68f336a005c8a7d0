"""Drafted targets hold in the corners of their draft; a run in more corners says so before it spends its budget."""

from __future__ import annotations

import re

from eda_agent.problem.spec import Problem
from eda_agent.units import counted

_DRAFTED = re.compile(r"^# drafted by `eda-agent init (?:(?! --corners )[^`])*`", re.MULTILINE)
_MEASURED = re.compile(r"^  [\w.]+: \{.*\}  # now ", re.MULTILINE)


SATURATION_MARGIN = "saturation_margin"


def nominal_targets(problem: Problem) -> tuple[str, ...]:
    """What to say of a problem with several corners whose targets `init` drafted in the nominal one alone; () if there
    is nothing to say. A target of the user's own has no measured value beside it.
    """
    if len(problem.corners) == 1:
        return ()
    text = problem.path.read_text(encoding="utf-8")
    if not (_DRAFTED.search(text) and _MEASURED.search(text)):
        return ()
    found = any(
        spec.metric.name == SATURATION_MARGIN and spec.corners == (problem.corners[0].name,) for spec in problem.specs
    )
    alone = "; its saturation counts in the nominal one alone" if found else ""
    return (
        f"{problem.path.name} was drafted in its nominal corner: its targets may be out of reach in"
        f" {counted(len(problem.corners), 'corner')}{alone}; `eda-agent init` with --corners signoff --force drafts"
        " targets for the sign-off corners",
    )
