"""Restoring makes the agent's own objects of what a journal says: what resuming a run begins with.

A run of a day has a hundred thousand turns, half a gigabyte of journal: each turn is packed (`agent.packed`) as its line is read.
"""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eda_agent.agent.history import gathered
from eda_agent.agent.packed import Results, Row
from eda_agent.agent.score import Score, score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Problem
from eda_agent.record.event import Event
from eda_agent.record.events import evaluation_packed, proposal_from
from eda_agent.record.fold import RunState
from eda_agent.simulation.evaluate import Evaluation


def restore_state(events: Iterable[Event]) -> RunState:
    """The state after all these events, its turns for `restore_turns`."""
    state = RunState()
    with _no_collection():
        for event in events:
            state.apply(_light(event) if event["type"] in {"baseline", "turn.evaluated"} else event)
    return state


def restore_turns(rows: Sequence[Event], problem: Problem) -> Sequence[Turn]:
    """The turns of a restored state as they count for a problem."""
    with _no_collection():
        return gathered(_turn(row, problem) for row in rows)


def restore_pending(state: RunState) -> list[Proposal]:
    """The proposals that were not played yet."""
    return [proposal_from(event) for event in state.pending]


def _light(event: Event) -> Event:
    """A turn's event with objects in place of its larger parts; the model's own words are left out, which no policy reads again."""
    sizing: Mapping[str, float] | None = event["sizing"]
    made = event["proposal"]
    if sizing is not None:
        same = sizing == made["sizing"]
        sizing = Row(sizing)
        made = {**made, "sizing": sizing} if same else made
    light = {
        "type": event["type"],
        "seq": event["seq"],
        "index": event["index"],
        "score": event["score"],
        "sizing": sizing,
        "proposal": {"reply": ""},
        "made": proposal_from(made),
    }
    if "evaluation" in event:
        light["measured"] = evaluation_packed(event["evaluation"])
        light["merit"], light["specs"] = event["merit"], _results(event["specs"])
    return light


def _turn(row: Event, problem: Problem) -> Turn:
    evaluation = row.get("measured")
    return Turn(row["index"], row["made"], row["sizing"], evaluation, None if evaluation is None else _score(row, problem, evaluation))


def _score(row: Event, problem: Problem, evaluation: Evaluation) -> Score:
    """As it was told: working a hundred thousand out again would take longer than reading them."""
    # an edit of the user's tells every turn anew
    results = row["specs"] if isinstance(row["specs"], Results) else _results(row["specs"])
    if results.specs != tuple(problem.spec_names):
        return score(problem.specs, evaluation)
    return Score(row["score"], _finite(row["merit"]), results)


def _results(told: Mapping[str, Mapping[str, Any]]) -> Results:
    return Results(
        [(spec, one["corner"], one["value"], _finite(one["margin"]), one["satisfaction"], one["why"]) for spec, one in told.items()]
    )


def _finite(number: float | None) -> float:
    """JSON has no infinity; what is infinite is a surplus, since a margin ends at the worst."""
    return math.inf if number is None else number


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of objects, none of them garbage: looking for some would double the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
