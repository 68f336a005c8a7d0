"""An export note is the comment in a sized netlist that names the run, its turn and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.errors import visible
from eda_agent.insight.complete import corners_of

NAMED = 6
"""Maximum number of missed specs that a verdict names."""


def verdict_text(specs: Mapping[str, Mapping[str, Any]], simulated: int, corners: int) -> str:
    """`all 10 specs met in 3 corners`, or the specs that are not met.

    Args:
        specs: spec → result of the turn, with `met`; empty if it was not simulated.
        simulated: number of corners in which the turn was simulated; `corners`: those of the run.
    """
    if not specs:
        return "NOT simulated"
    where = f"{simulated} of {corners} corners" if simulated < corners else f"{corners} corner{'s' * (corners != 1)}"
    missed = [name for name, result in specs.items() if not result["met"]]
    if not missed:
        return f"all {len(specs)} specs met in {where}"
    others = f" and {len(missed) - NAMED} more" if len(missed) > NAMED else ""
    return f"{len(missed)} of {len(specs)} specs NOT met in {where}: {', '.join(missed[:NAMED])}{others}"


def with_note(netlist: str, run: str, turn: int, verdict: str) -> str:
    """The netlist with the note below its first line: the first line of a deck is its title."""
    note = " ".join(visible(f"* sized by eda-agent: run {run}, turn {turn}: {verdict}").split()) + "\n"
    lines = netlist.splitlines(keepends=True)
    place = min(1, len(lines))
    while place < len(lines) and lines[place].lstrip().startswith("+"):
        place += 1
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += "\n"
    return "".join([*lines[:place], note, *lines[place:]])


def turn_verdict(turn: Mapping[str, Any], corners: int) -> str:
    """The verdict of a turn (as event data) of a run with that number of corners."""
    return verdict_text(turn.get("specs", {}), corners_of(turn), corners)
