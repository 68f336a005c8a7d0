"""Restoring builds the agent's objects from a journal; resuming starts with it.

The journal of a long run has a hundred thousand turns and half a gigabyte. Each turn becomes a record of the turn store
(`agent.turn_store`) when its line is read, and only the last ones become turns.
"""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from eda_agent.agent import history
from eda_agent.agent.measured import Measured
from eda_agent.agent.score import Score, SpecResult
from eda_agent.agent.turn import Proposal, Turn, rescore
from eda_agent.agent.turn_store import StoredTurns, TurnStore, decode_turn, record, sizing_hash
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.record.event import Event
from eda_agent.record.events import proposal_from
from eda_agent.record.fold import RunState
from eda_agent.simulation.operating_point import FIELDS


def restore_state(events: Iterable[Event]) -> RunState:
    """The state after all these events, with its turns encoded for `restore_turns`."""
    state = RunState()
    with _no_collection():
        for event in events:
            state.apply(_light(event) if event["type"] in {"baseline", "turn.evaluated"} else event)
    return state


def restore_turns(rows: Sequence[Event], problem: Problem, *, anew: bool = False) -> Sequence[Turn]:
    """The turns of a restored state, scored for a problem. `anew`: score all of them, because the targets have
    changed.
    """
    early = max(len(rows) - history.RECENT, 0)
    with _no_collection():
        last = tuple(_turn(row, problem, anew) for row in rows[early:])
        if not early:
            return last
        shelf = TurnStore()
        for row in rows[:early]:
            if _stands(row, problem) and not anew:
                shelf.put_record(
                    row["record"], row["order"], row["proposer"], row["mark"], row["corners"], row["spent"]
                )
            else:
                shelf.put(_turn(row, problem, anew))
        return StoredTurns(shelf, early, last)


def restore_pending(state: RunState) -> list[Proposal]:
    """The proposals that were not played yet."""
    return [proposal_from(event) for event in state.pending]


def _light(event: Event) -> Event:
    """A turn's event with a record in place of its larger parts. The policy's text is left out, because no policy reads
    it again.
    """
    try:
        return _recorded(event)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise InputError(
            f"turn {event.get('index')} of the journal is not in the format of this program\n    → the journal was"
            " changed after it was written"
        ) from None


def _recorded(event: Event) -> Event:
    made, sizing, evaluation = event["proposal"], event["sizing"], event.get("evaluation")
    measured, order = None, None
    if evaluation is not None:
        if any(tuple(point) != FIELDS for point in evaluation["operating_points"].values()):
            raise ValueError("an operating point has unknown numbers")
        merit = _finite(event["merit"])
        order = event["score"], merit if event["score"] == 1.0 else 0.0
        measured = Measured(
            evaluation["values"],
            evaluation["reasons"],
            evaluation["failures"],
            {name: list(point.values()) for name, point in evaluation["operating_points"].items()},
            evaluation["jobs"],
            evaluation["cached"],
            evaluation["seconds"],
            event["score"],
            merit,
            [
                (
                    spec,
                    one["corner"],
                    one["why"],
                    one.get("bound", ""),
                    one["value"],
                    _finite(one["margin"]),
                    one["satisfaction"],
                )
                for spec, one in event["specs"].items()
            ],
            evaluation.get("bounds", ()),
        )
    asked = made.get("asked")
    words = [made["reasoning"], made["error"], made["notes"], made["policy"], "", asked]
    return {
        "type": event["type"],
        "seq": event["seq"],
        "t": event["t"],
        "index": event["index"],
        "score": event["score"],
        "proposal": {"reply": ""},
        "record": record(event["index"], words, sizing, made["sizing"], measured),
        "order": order,
        "proposer": made["policy"],
        "mark": sizing_hash(sizing),
        "corners": len(evaluation["values"]) if evaluation is not None else 0,
        "spent": int((asked or {}).get("simulations", 0)),
        "names": _shared(tuple(event["specs"])) if measured is not None else None,
    }


_NAMES: dict[tuple[str, ...], tuple[str, ...]] = {}


def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """One shared tuple of names, which are the same in every turn of a run."""
    return _NAMES.setdefault(names, names)


def _stands(row: Event, problem: Problem) -> bool:
    """Whether the stored score of a turn is valid. After an edit of the user every turn is stored again (`specs`)."""
    return "specs" not in row and (row["names"] is None or row["names"] == tuple(problem.spec_names))


def _turn(row: Event, problem: Problem, anew: bool = False) -> Turn:
    turn = decode_turn(row["record"])
    if anew:
        return rescore(problem, turn)
    if _stands(row, problem) or turn.score is None:
        return turn
    told: Mapping[str, Mapping[str, Any]] = row.get("specs", {})
    if tuple(told) != tuple(problem.spec_names):
        return rescore(problem, turn)
    results = tuple(
        SpecResult(
            spec,
            one["corner"],
            one["value"],
            _finite(one["margin"]),
            one["satisfaction"],
            one["why"],
            one.get("bound", ""),
        )
        for spec, one in told.items()
    )
    return replace(turn, score=Score(row["score"], _finite(row["merit"]), results))


def _finite(number: float | None) -> float:
    """null as infinity: JSON has none, and only a surplus can be infinite, because a margin is limited at the worst
    value.
    """
    return math.inf if number is None else number


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Disable garbage collection: it would double the time for millions of live objects."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
