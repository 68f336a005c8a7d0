"""Matched loads are the equal resistors or capacitors on both sides of a differential or cross-coupled pair:
loads, degeneration, and the branches of a reference that an amplifier keeps equal.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.cross_coupled import crossed
from eda_agent.problem.structure.circuit import Passive


def matched_loads(draft: Draft) -> list[tuple[str, str]]:
    """Labels of two passives of one kind from the drains, the sources or the gates of a pair to one net.

    Their values are not compared here.
    """
    result: list[tuple[str, str]] = []
    for one, other in (*draft.structure.pairs, *crossed(draft.structure)):
        for left, right in (
            (one.drain, other.drain),
            (one.source, other.source),
            (one.gate, other.gate),
        ):
            if left == right:
                continue
            for first in _at(draft, left):
                result += [pair for pair in _branches(draft, first, left, right) if pair[::-1] not in result]
    return list(dict.fromkeys(result))


def _branches(draft: Draft, first: Passive, left: str, right: str) -> list[tuple[str, str]]:
    """The passives in series from `left` to a net, each with its twin from `right` to the same net."""
    seconds = [second for second in _at(draft, right) if second.kind == first.kind]
    ends = _far(first, left)
    twins = [second for second in seconds if _far(second, right) == ends != ""]
    if len(twins) == 1:
        return [(first.name, twins[0].name)]
    below = _next(draft, first, ends)
    if below is None or below.kind == first.kind:
        # equal resistors in series are units of a string
        return []
    found = []
    for second in seconds:
        other = _next(draft, second, _far(second, right))
        if not twins and second is not first and other is not None and below.kind == other.kind:
            goal = _far(below, ends)
            if below is not other and goal == _far(other, _far(second, right)) != "":
                found.append([(first.name, second.name), (below.name, other.name)])
    return found[0] if len(found) == 1 else []


def _next(draft: Draft, passive: Passive, net: str) -> Passive | None:
    """The passive in series behind another, on a net where these two alone stand; None without one."""
    structure = draft.structure
    busy = {end for fet in structure.fets for end in (fet.drain, fet.gate, fet.source, fet.bulk)} | {*structure.ports}
    beside = [other for other in _at(draft, net) if other is not passive]
    return beside[0] if net and net not in busy and len(beside) == 1 else None


def _at(draft: Draft, net: str) -> list[Passive]:
    return [passive for passive in draft.structure.passives if net in passive.nets]


def _far(passive: Passive, net: str) -> str:
    one, other = passive.nets
    return other if one == net else one if other == net else ""
