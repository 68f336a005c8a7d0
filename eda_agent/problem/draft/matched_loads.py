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
                twins = [
                    second
                    for second in _at(draft, right)
                    if second.kind == first.kind and _far(second, right) == _far(first, left) != ""
                ]
                if len(twins) == 1 and (twins[0].name, first.name) not in result:
                    result.append((first.name, twins[0].name))
    return result


def _at(draft: Draft, net: str) -> list[Passive]:
    return [passive for passive in draft.structure.passives if net in passive.nets]


def _far(passive: Passive, net: str) -> str:
    one, other = passive.nets
    return other if one == net else one if other == net else ""
