"""A fold over the events of a run gives its state: turns, incumbent, status. Every view is made from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..insight.complete import complete_turns, partial
from .event import Event

VERIFYING = "verifying"
"""What a log event is about that says that the verification begins."""
PACE = 26
"""Number of turns from which a view computes the rate of simulations."""


@dataclass
class Tally:
    """Sums over a growing list of turns; a screen reads them twenty times a second, independent of the length.
    `corners`: of the run.
    """

    turns: list[dict[str, Any]]
    corners: int
    simulations: int = 0
    jobs: int = 0
    cached: int = 0
    seconds: float = 0.0
    curve: list[float] = field(default_factory=list)

    def catch_up(self) -> None:
        for place in range(len(self.curve), len(self.turns)):
            turn = self.turns[place]
            # a score in fewer corners is a bound
            reached = 0.0 if partial(turn, self.corners) else turn["score"]
            self.curve.append(max(reached, self.curve[-1] if self.curve else 0.0))
            # what the tools of a language model cost; a restored turn has it as a number
            self.simulations += turn.get("spent") or turn.get("proposal", {}).get("asked", {}).get("simulations", 0)
            if "evaluation" in turn:
                self.simulations += turn["index"] > 0
                self.jobs += turn["evaluation"]["jobs"]
                self.cached += turn["evaluation"]["cached"]
                self.seconds += turn["evaluation"].get("seconds", 0.0)


@dataclass
class RunState:
    """The state of a run after some events.

    Attributes:
        pending: proposals that were made and not yet evaluated.
        handovers: policy.changed events.
        edits: commands that changed the problem; `started` has the present specs, parameters and budget.
        left: turns set aside by going back.
        policy: the last policy that the user chose (name, options).
        budget: simulations, if the user changed them since the last start or resume.
        hello: the versions of the program and of the simulator that last wrote the journal.
        opened: the request and the fingerprint of the last start or resume (`run.resume`); empty in a journal of 0.1.0.
        seconds: time that the run's processes took; between two processes none passes.
        verifying: whether the best is being simulated again.
        worked: the same without pauses and without waiting for the user's decision.
        pace: `worked` at each of the latest turns.
        forks: sequence number of the first turn of a line that was set aside → that of the turn before it.
    """

    started: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    pending: list[dict[str, Any]] = field(default_factory=list)
    handovers: list[dict[str, Any]] = field(default_factory=list)
    finished: dict[str, Any] = field(default_factory=dict)
    verified: dict[str, Any] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    left: list[list[dict[str, Any]]] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    budget: int | None = None
    paused: bool = False
    review: bool = False
    verifying: bool = False
    opened: dict[str, Any] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    hello: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    seconds: float = 0.0
    worked: float = 0.0
    pace: deque[float] = field(default_factory=lambda: deque(maxlen=PACE), compare=False)
    forks: dict[int, int] = field(default_factory=dict)
    _last: float | None = field(default=None, repr=False, compare=False)
    _tally: Tally | None = field(default=None, repr=False, compare=False)

    def apply(self, event: Event) -> None:
        """Apply an event. An unknown event of another version changes nothing."""
        self.sequence = event["seq"] + 1
        at = event.get("t")
        if self._last is not None and at is not None and event["type"] != "hello":
            self.seconds += max(at - self._last, 0.0)
            self.worked += 0.0 if self.waiting else max(at - self._last, 0.0)
        self._last = at
        handler = _HANDLERS.get(event["type"])
        if handler is not None:
            handler(self, event)

    def _greet(self, event: Event) -> None:
        self.hello = event

    def _start(self, event: Event) -> None:
        # a resumed run may have another budget and other machines; its other initial data stays
        again: dict[str, Any] = {name: event[name] for name in ("budget", "workers", "parallel") if name in event}
        self.started = {**self.started, **again} if self.started else event
        if self.policy:
            self.policy = {**self.policy, "options": event.get("opened", {}).get("going", self.policy["options"])}
        self.opened, self.budget, self.finished, self.verifying = event.get("opened", {}), None, {}, False
        # a process begins without a pause
        self.paused = False

    def _evaluate(self, event: Event) -> None:
        # only turn.proposed has the model's text
        if self.pending and event["type"] == "turn.evaluated":
            event = {**event, "proposal": {**event["proposal"], "reply": self.pending.pop(0)["reply"]}}
        self.turns.append(event)
        # an accepted proposal leaves no event of its own: until it is simulated it counts as waiting
        self.worked += event.get("evaluation", {}).get("seconds", 0.0) if self.review else 0.0
        self.pace.append(self.worked)

    def _propose(self, event: Event) -> None:
        # a proposal that the user edited takes the place of the pending one
        self.pending = [*(one for one in self.pending if one["index"] < event["index"]), event]

    def _drop(self, event: Event) -> None:
        self.pending = []

    def _change_policy(self, event: Event) -> None:
        self.handovers.append(event)
        if "name" in event:
            self.policy = {"name": event["name"], "options": event["options"]}

    def _hint(self, event: Event) -> None:
        self.hints.append(event["text"])

    def _pause(self, event: Event) -> None:
        self.paused = event["type"] == "run.paused"

    def _review(self, event: Event) -> None:
        self.review = event["on"]

    def _log(self, event: Event) -> None:
        self.logs.append(event)
        self.verifying = self.verifying or event.get("about") == VERIFYING

    def _change_budget(self, event: Event) -> None:
        self.budget = event["simulations"]
        self.started = {**self.started, "budget": {**self.started["budget"], "simulations": self.budget}}

    def _change_problem(self, event: Event) -> None:
        self.edits.append(event["order"])
        self._score_anew(event)

    def _change_spec(self, event: Event) -> None:
        self.edits = list(event["edits"])
        self._score_anew(event)

    def _score_anew(self, event: Event) -> None:
        self.started = {**self.started, "specs": event["specs"], "parameters": event["parameters"]}
        now = {turn["index"]: turn for turn in event["turns"]}
        self.turns = [{**turn, **now.get(turn["index"], {})} for turn in self.turns]

    def _set_aside(self, first: int) -> None:
        """Set aside the turns from position `first` on."""
        if 0 < first < len(self.turns) and "seq" in self.turns[first]:
            self.forks[self.turns[first]["seq"]] = self.turns[first - 1].get("seq", -1)
        self.left.append(self.turns[first:])

    def _branch(self, event: Event) -> None:
        self._set_aside(event["turn"] + 1)
        self.turns = self.turns[: event["turn"] + 1]

    def _return(self, event: Event) -> None:
        back, now_left = self.left.pop() if self.left else [], self.turns[event["turn"] :]
        if now_left:
            self._set_aside(event["turn"])
        self.turns = [*self.turns[: event["turn"]], *back]

    def _update_best(self, event: Event) -> None:
        self.best = self._complete(event)

    def _fail(self, event: Event) -> None:
        self.failures.append(event)

    def _verify(self, event: Event) -> None:
        self.verified, self.verifying = event, False

    def _finish(self, event: Event) -> None:
        self.finished, self.verifying = event, False

    def _complete(self, best: Event) -> Event:
        """The reported best; in a journal of version 0.1.0, where a score in some corners could win, the best of those
        in all corners.
        """
        told = next((turn for turn in reversed(self.turns) if turn["index"] == best["index"]), None)
        if told is None or not partial(told, self.corners):
            return best
        turn = max(
            complete_turns(self.turns, self.corners),
            key=lambda one: (one["score"], one.get("merit") or 0.0, -one["index"]),
            default=told,
        )
        return {
            **best,
            **{name: turn[name] for name in ("index", "score", "met", "sizing", "specs", "merit") if name in turn},
        }

    @property
    def waiting(self) -> bool:
        """Whether the run waits for the user: it is paused, or a proposal waits for a decision."""
        return self.paused or (self.review and bool(self.pending))

    def working(self, now: float) -> float:
        """Seconds that a running run has worked until `now`."""
        return self.worked + (0.0 if self.waiting or self._last is None else max(now - self._last, 0.0))

    @property
    def policies(self) -> list[dict[str, Any]]:
        """The policies that the user chose, in order: name, and from which turn."""
        chosen = [{"name": one["name"], "from": one["index"]} for one in self.handovers if "name" in one]
        return [{"name": self.started["policy"], "from": 1}, *chosen] if self.started else []

    @property
    def corners(self) -> int:
        """The number of corners of the run: a turn that was simulated in fewer decides nothing (`insight.complete`)."""
        return len(self.started.get("corners", ()))

    @property
    def simulations(self) -> int:
        """The number of simulated proposals, without the baseline."""
        return self.tally.simulations

    @property
    def curve(self) -> list[float]:
        """Best score so far, after each turn."""
        return self.tally.curve

    @property
    def tally(self) -> Tally:
        """Sums over the turns."""
        if self._tally is None or self._tally.turns is not self.turns:
            self._tally = Tally(self.turns, self.corners)
        self._tally.catch_up()
        return self._tally


_HANDLERS: Mapping[str, Callable[[RunState, Event], None]] = {
    "hello": RunState._greet,
    "run.started": RunState._start,
    "baseline": RunState._evaluate,
    "turn.evaluated": RunState._evaluate,
    "turn.proposed": RunState._propose,
    "proposal.dropped": RunState._drop,
    "policy.changed": RunState._change_policy,
    "hint": RunState._hint,
    "run.paused": RunState._pause,
    "run.resumed": RunState._pause,
    "review": RunState._review,
    "log": RunState._log,
    "budget.changed": RunState._change_budget,
    "problem.changed": RunState._change_problem,
    "spec.changed": RunState._change_spec,
    "branched": RunState._branch,
    "returned": RunState._return,
    "best.updated": RunState._update_best,
    "sim.failed": RunState._fail,
    "verified": RunState._verify,
    "run.finished": RunState._finish,
}
"""Type of event → its effect on a state."""


def fold(events: Iterable[Event]) -> RunState:
    """The state after all these events."""
    state = RunState()
    for event in events:
        state.apply(event)
    return state
