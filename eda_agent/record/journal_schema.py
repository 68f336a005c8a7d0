"""The journal schema defines the fields and types of each event; events of other processes are checked against it.

A journal may come from others or have been edited. It is validated where it is read, so that a view never meets a text
in place of a number. A field that version 0.1.0 did not write is optional; unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple

from eda_agent.record.event import Event
from eda_agent.simulation.operating_point import FIELDS

LATEST = 253402300799.0
"""The last second of the year 9999, the limit of calendars."""
LARGEST = 2**53
"""Limit of a count: larger whole numbers are not exact in JSON."""
_NUMBERS = frozenset([int, float])
_MAYBE = frozenset([int, float, type(None)])
_FIELDS = frozenset(FIELDS)


class FieldKind(NamedTuple):
    """The type of a field: a test and its name for messages."""

    fits: Callable[[Any], bool]
    words: str


Table = Mapping[str, Any]
"""Field → kind, or a nested table; a name that ends with `?` is optional."""


def _number(value: Any) -> bool:
    return type(value) in _NUMBERS


def _texts(value: Any) -> bool:
    return type(value) is list and {*map(type, value)} <= {str}


def _numbers(value: Any) -> bool:
    return type(value) is dict and {*map(type, value.values())} <= _NUMBERS


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _maybe(kind: FieldKind) -> FieldKind:
    return FieldKind(lambda value: value is None or kind.fits(value), f"{kind.words}, or null")


def _either(*values: Any) -> FieldKind:
    return FieldKind(lambda value: type(value) is str and value in values, "one of " + ", ".join(map(repr, values)))


def _rows(table: Table, words: str) -> FieldKind:
    return FieldKind(
        lambda value: type(value) is list and not any(type(one) is not dict or _wrong(one, table) for one in value),
        words,
    )


def _triples(value: Any, length: int = 3) -> bool:
    return type(value) is list and all(_texts(one) and len(one) == length for one in value)


def _values(value: Any) -> bool:
    return type(value) is dict and all(
        type(row) is dict and {*map(type, row.values())} <= _MAYBE for row in value.values()
    )


def _points(value: Any) -> bool:
    return type(value) is dict and all(
        type(row) is dict and row.keys() == _FIELDS and {*map(type, row.values())} <= _MAYBE for row in value.values()
    )


_PARTS = itemgetter("corner", "value", "margin", "satisfaction", "met", "why")
_PARTS_ARE = frozenset(product([str], _MAYBE, _MAYBE, _NUMBERS, [bool], [str]))


def _results(value: Any) -> bool:
    return type(value) is dict and all(map(_result, value.values()))


def _result(one: Any) -> bool:
    try:
        # one look-up for the types of all fields: a long journal has a million of them
        return (
            type(one) is dict and tuple(map(type, _PARTS(one))) in _PARTS_ARE and one.get("bound", "") in ("", ">", "<")
        )
    except KeyError:
        return False


def _bounds(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and {*map(type, value)} <= _MAYBE


def _settings(value: Any) -> bool:
    return type(value) is dict and {*map(type, value.values())} <= {int, float, str}


TEXT, TEXTS, FLAG = (
    FieldKind(lambda value: type(value) is str, "text"),
    FieldKind(_texts, "a list of texts"),
    FieldKind(lambda value: type(value) is bool, "true or false"),
)
NUMBER, COUNT, SIZES = (
    FieldKind(_number, "a number"),
    FieldKind(_count, "a whole number, not negative"),
    FieldKind(_numbers, "sizes by parameter"),
)
SIGNED = FieldKind(lambda value: type(value) is int and abs(value) <= LARGEST, "a whole number")
MAP = FieldKind(lambda value: type(value) is dict, "an object")
MAPS = FieldKind(lambda value: type(value) is list and {*map(type, value)} <= {dict}, "a list of objects")
PARAMETERS = _rows(
    {
        "name": TEXT,
        "unit": TEXT,
        "minimum": NUMBER,
        "maximum": NUMBER,
        "scale": _either("lin", "log"),
        "step": _maybe(NUMBER),
        "role": TEXT,
        "locked?": FLAG,
    },
    "the parameters of a run",
)
SPECS = _rows(
    {
        "name": TEXT,
        "metric": TEXT,
        "unit": TEXT,
        "shown?": TEXT,
        "minimum": _maybe(NUMBER),
        "maximum": _maybe(NUMBER),
        "weight": NUMBER,
        "objective": _maybe(TEXT),
        "worst?": _maybe(NUMBER),
        "corners?": TEXTS,
        "asked?": FieldKind(_bounds, "two bounds"),
        "devices?": TEXTS,
    },
    "the specs of a run",
)
CORNERS = _rows(
    {"name": TEXT, "process": TEXT, "vdd": NUMBER, "temperature": NUMBER, "settings": FieldKind(_settings, "settings")},
    "the corners of a run",
)
BUDGET: Table = {
    "simulations": COUNT,
    "timeout?": NUMBER,
    "patience?": _maybe(COUNT),
    "until?": _either("met", "spent"),
}
RESULTS = FieldKind(_results, "results by spec")
PROPOSAL: Table = {
    "sizing": _maybe(SIZES),
    "reasoning": TEXT,
    "reply": TEXT,
    "error": TEXT,
    "notes": TEXTS,
    "policy": TEXT,
    "asked?": {"simulations?": COUNT, "batch?": COUNT, "usage?": MAP},
}
EVALUATION: Table = {
    "values": FieldKind(_values, "values by corner and spec"),
    "reasons": FieldKind(_triples, "reasons by corner and spec"),
    "bounds?": FieldKind(_triples, "bounds by corner and spec"),
    "failures": FieldKind(lambda value: _triples(value, 4), "failures by testbench and corner"),
    "operating_points": FieldKind(_points, "operating points by device"),
    "jobs": COUNT,
    "cached": COUNT,
    "seconds": NUMBER,
}
SUMMARY: Table = {
    "index": COUNT,
    "score": NUMBER,
    "met": FLAG,
    "sizing": _maybe(SIZES),
    "merit?": _maybe(NUMBER),
    "specs?": RESULTS,
}
TURN: Table = {**SUMMARY, "evaluation?": EVALUATION, "proposal": PROPOSAL}
MEASURED: Table = {**SUMMARY, "sizing": SIZES, "specs": RESULTS}
TURNS = _rows(SUMMARY, "turns with their scores")
OPENED: Table = {
    "version?": TEXT,
    "request?": MAP,
    "going?": MAP,
    "spec?": TEXT,
    "fingerprint?": MAP,
    "weights?": TEXT,
    "targets?": {"specs": MAP, "budget": MAP},
}
LEFT = _rows(
    {"device": TEXT, "region": TEXT, "corner": TEXT, "short": _maybe(NUMBER), "corners": TEXTS, "text": TEXT},
    "devices that left saturation",
)
FORMS: Mapping[str, Table] = {
    "hello": {"sandbox?": TEXTS, "version?": TEXT},
    "run.started": {
        "problem": TEXT,
        "folder": TEXT,
        "policy": TEXT,
        "seed": SIGNED,
        "budget": BUDGET,
        "workers?": _maybe(COUNT),
        "parallel?": _maybe(COUNT),
        "seeds?": FieldKind(lambda value: type(value) is list and all(map(_numbers, value)), "sizings"),
        "resumed?": FLAG,
        "forced?": FLAG,
        "layout?": _maybe(MAP),
        "wires?": _maybe(MAP),
        "corner_set?": _maybe(TEXT),
        "skip?": _maybe(FLAG),
        "corners": TEXTS,
        "corner_table?": CORNERS,
        "specs": SPECS,
        "parameters": PARAMETERS,
        "saturated?": TEXTS,
        "opened?": OPENED,
    },
    "baseline": {**TURN, **MEASURED, "evaluation": EVALUATION},
    "turn.evaluated": TURN,
    "turn.proposed": {"index": COUNT, "seconds?": NUMBER, **PROPOSAL},
    "best.updated": MEASURED,
    "sim.failed": {"index": COUNT, "testbench": TEXT, "corner": TEXT, "kind": TEXT, "words": TEXT, "hint?": TEXT},
    "policy.changed": {"index": COUNT, "before": TEXT, "after": TEXT, "reason": TEXT, "name?": TEXT, "options?": MAP},
    "hint": {"text": TEXT},
    "review": {"on": FLAG},
    "budget.changed": {"simulations": COUNT},
    "log": {"message": TEXT, "level?": TEXT, "about?": TEXT},
    "problem.changed": {"order": MAP, "specs": SPECS, "parameters": PARAMETERS, "turns": TURNS},
    "spec.changed": {"diff?": TEXTS, "edits": MAPS, "specs": SPECS, "parameters": PARAMETERS, "turns": TURNS},
    "branched": {"turn": COUNT},
    "returned": {"turn": COUNT},
    "verified": {
        "index": COUNT,
        "met": FLAG,
        "score": NUMBER,
        "deviation?": _maybe(NUMBER),
        "corners": TEXTS,
        "asked_met?": FLAG,
        "unsound?": TEXTS,
        "left_saturation?": LEFT,
        "worst?": MAP,
    },
    "run.finished": {
        "stop": TEXT,
        "score": NUMBER,
        "met": FLAG,
        "simulations": COUNT,
        "turns?": COUNT,
        "artifacts?": MAP,
    },
}
"""Type of an event → its fields (`record.events` gives their meaning)."""


def _wrong(data: Mapping[str, Any], table: Table, path: str = "") -> str:
    """The first field that violates the table, with the required type; "" if none does."""
    for name, kind in table.items():
        field = name.removesuffix("?")
        if field not in data:
            if field == name:
                return f"{path}{field} is missing"
            continue
        value = data[field]
        if isinstance(kind, FieldKind):
            if not kind.fits(value):
                return f"{path}{field} must be {kind.words}"
        elif type(value) is not dict:
            return f"{path}{field} must be an object"
        elif wrong := _wrong(value, kind, f"{path}{field}."):
            return wrong
    return ""


class JournalSchema:
    """Validates the events of one journal in order; later events name parameters, specs and corners of the first."""

    def __init__(self) -> None:
        self._begun = self._measured = False
        self._left = 0
        self._parameters: frozenset[str] = frozenset()
        self._positive: tuple[str, ...] = ()
        self._specs: frozenset[str] = frozenset()
        self._corners: frozenset[str] = frozenset()

    def fault(self, event: Event) -> str:
        """The fault of the next event, or ""."""
        kind, at = event.get("type"), event.get("t")
        if type(kind) is not str or not _count(event.get("seq")):
            return "type must be text and seq a whole number, not negative"
        if not _number(at) or not 0 <= at <= LATEST:  # type: ignore[operator]  # a number, as was just seen
            return f"{kind}: t must be a time in s since 1970"
        table = FORMS.get(kind)
        if table is None:
            return ""
        wrong = _wrong(event, table) or self._unnamed(kind, event)
        return f"{kind}: {wrong}" if wrong else ""

    def _unnamed(self, kind: str, event: Event) -> str:
        """A name in the event that the run does not have, or an event before its time."""
        match kind:
            case "hello" | "log":
                return ""
            case "run.started":
                return self._begin(event) if not self._begun else self._asked(event)
        if not self._begun:
            return "the run has not started yet"
        match kind:
            case "baseline":
                self._measured = True
                return self._turn(event)
            case "turn.evaluated" | "best.updated":
                return self._turn(event) if self._measured else "there is no baseline yet"
            case "problem.changed" | "spec.changed":
                return self._asked(event) or next((wrong for turn in event["turns"] if (wrong := self._turn(turn))), "")
            case "branched":
                self._left += 1
            case "returned" if not self._left or not event["turn"]:
                return "no turns were set aside that could return"
        return ""

    def _begin(self, event: Event) -> str:
        self._begun = True
        self._parameters = frozenset(row["name"] for row in event["parameters"])
        self._positive = tuple(row["name"] for row in event["parameters"] if row["scale"] == "log")
        self._specs = frozenset(row["name"] for row in event["specs"])
        self._corners = frozenset(event["corners"])
        if not self._specs or not self._corners:
            return "a run has a spec and a corner"
        return self._asked(event)

    def _asked(self, event: Event) -> str:
        """The fault of the specs and parameters of an event, or ""."""
        if {row["name"] for row in event["parameters"]} != self._parameters or {
            row["name"] for row in event["specs"]
        } != self._specs:
            return "it names parameters or specs that the run does not have"
        for row in event["parameters"]:
            if row["minimum"] > row["maximum"] or (row["scale"] == "log" and row["minimum"] <= 0):
                return f"the range of {row['name']} is empty"
        for row in event["specs"]:
            if row["minimum"] is None and row["maximum"] is None:
                return f"spec {row['name']} has no target"
        table = event.get("corner_table")
        if table is not None and [row["name"] for row in table] != event.get("corners"):
            return "corner_table has other corners than the run"
        return ""

    def _turn(self, turn: Event) -> str:
        sizing, evaluation = turn["sizing"], turn.get("evaluation")
        if sizing is not None and (
            not sizing.keys() >= self._parameters or any(sizing[name] <= 0 for name in self._positive)
        ):
            return "sizing must have a size for every parameter, above 0 if its scale is log"
        if evaluation is not None and ("specs" not in turn or sizing is None or "merit" not in turn):
            return "a simulated turn needs a sizing, specs and a merit"
        if "specs" in turn and (turn["specs"].keys() != self._specs or sizing is None):
            return "specs must have a result for every spec of the run, and a sizing"
        if evaluation is None:
            return ""
        values = evaluation["values"]
        if not values.keys() <= self._corners or any(not row.keys() <= self._specs for row in values.values()):
            return "evaluation names a corner or a spec that the run does not have"
        return ""
