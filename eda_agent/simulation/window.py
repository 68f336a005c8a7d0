"""A window is the time or band that a testbench observes. If a value lies beyond its end, the testbench is simulated
again in a wider one.

A template says what may grow (`grows:` setting → factors, step by step), and a reply how much it `wanted` to see. Only
the changed analyses run again, and only the values beyond the end are taken from them: a value inside the window costs
nothing. The growth depends on the replies alone, so a result depends on the sizing alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from eda_agent.simulation.deck import Deck
from eda_agent.simulation.executor import Done, Executor, Task
from eda_agent.simulation.reply import sound

Reply = dict[str, Any]


def wider(deck: Deck, reply: Mapping[str, Any]) -> Deck | None:
    """The deck with the narrowest window that the reply needs, or with the widest available; None if it needs none."""
    wanted, last = reply.get("wanted"), len(deck.widths) - 1
    if not wanted or deck.level >= last or deck.widen is None:
        return None
    need = deck.widths[deck.level] * max(wanted.values())
    return deck.widen(next((level for level in range(deck.level + 1, last) if deck.widths[level] >= need), last))


def merged(narrow: Reply, wide: Reply) -> Reply:
    """A reply whose values beyond the window come from a wider one. Failures and missing numbers there change nothing
    (its steps are coarser) but the reason why there is no number in either.
    """
    wanted, found = narrow["wanted"], wide.get("metrics", {})

    def better(metric: str, value: Sequence[Any]) -> Sequence[Any]:
        seen = found.get(metric) if metric in wanted else None
        return seen if seen and (seen[0] is not None or value[0] is None) else value

    return {
        **narrow,
        "metrics": {metric: better(metric, value) for metric, value in narrow["metrics"].items()},
        "wanted": {metric: factor for metric, factor in wide.get("wanted", {}).items() if metric in wanted},
        "seconds": narrow["seconds"] + wide.get("seconds", 0.0),
    }


def run_wide(executor: Executor, tasks: Sequence[Task], done: Done | None = None) -> list[Reply]:
    """Replies to tasks in order, each in as wide a window as it needs; `done(index, reply)` is called for the first
    windows only.
    """
    replies, latest = executor.run(tasks, done), list(tasks)
    while True:
        decks = {place: wider(task.deck, replies[place]) for place, task in enumerate(latest) if sound(replies[place])}
        again = {
            place: replace(latest[place], deck=deck, operating_point=False)
            for place, deck in decks.items()
            if deck is not None
        }
        if not again:
            return replies
        for place, task in again.items():
            executor.adopt(task.deck, executor.preparations[tasks[place].deck.key])
        for (place, task), reply in zip(again.items(), executor.run(list(again.values())), strict=True):
            replies[place], latest[place] = merged(replies[place], reply if sound(reply) else {}), task
