"""The journal schema checks the events of other processes, one by one and against each other.

A journal may come from others or have been edited. It is validated where it is read, so that a view never meets a text
in place of a number. A field that version 0.1.0 did not write is optional; unknown fields are ignored.
"""

from __future__ import annotations

from eda_agent.record.event import Event
from eda_agent.record.event_forms import FORMS
from eda_agent.record.event_kinds import LATEST, is_count, is_number, wrong_field


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
        if type(kind) is not str or not is_count(event.get("seq")):
            return "type must be text and seq a whole number, not negative"
        if not is_number(at) or not 0 <= at <= LATEST:  # type: ignore[operator]  # a number, as was just seen
            return f"{kind}: t must be a time in s since 1970"
        table = FORMS.get(kind)
        if table is None:
            return ""
        wrong = wrong_field(event, table) or self._unnamed(kind, event)
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
