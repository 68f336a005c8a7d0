"""Exporting writes a sizing back into the netlist it came from, keeping every comment and the order of lines."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from eda_agent.problem.spec import Problem


def sized_netlist(problem: Problem, sizing: Mapping[str, float]) -> str:
    """The netlist with the sizes written in; places whose value does not change keep their text."""
    space = problem.space
    edits = space.edits(sizing)
    before = space.edits(space.initial)
    return problem.netlist.text({edit: f"{value:.10g}" for edit, value in edits.items() if value != before.get(edit)})


def netlist_diff(problem: Problem, sizing: Mapping[str, float]) -> str:
    """A unified diff from the netlist as it came to the sized one."""
    old, new = problem.netlist.text(), sized_netlist(problem, sizing)
    name = problem.netlist.lines[0].file.name if problem.netlist.lines else "netlist"
    return "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), name, f"sized/{name}"))
