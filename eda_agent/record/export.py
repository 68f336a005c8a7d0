"""Exporting writes a sizing back into the netlist it came from, keeping every comment and the order of lines."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping

from eda_agent.problem.load_space import own_value
from eda_agent.problem.spec import Problem


def sized_netlist(problem: Problem, sizing: Mapping[str, float]) -> str:
    """The netlist with the sizes written in; places that have their value already keep their text."""
    changed = {}
    for edit, value in problem.space.edits(sizing).items():
        own = own_value(edit, problem.netlist, problem.subckt)
        if own is None or not math.isclose(own, value, rel_tol=1e-9):
            changed[edit] = f"{value:.10g}"
    return problem.netlist.text(changed)


def netlist_diff(problem: Problem, sizing: Mapping[str, float]) -> str:
    """A unified diff from the netlist as it came to the sized one."""
    old, new = problem.netlist.text(), sized_netlist(problem, sizing)
    name = problem.netlist.lines[0].file.name if problem.netlist.lines else "netlist"
    return "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), name, f"sized/{name}"))
