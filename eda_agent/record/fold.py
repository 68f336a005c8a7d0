"""A fold over the events of a run gives its state: turns, incumbent, how it stands. Every view is made from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Problem
from eda_agent.record.events import Event, evaluation_from, proposal_from


@dataclass
class RunState:
    """What the events so far say. `pending`: proposals that were made and not yet evaluated. `handovers`: policy.changed events.

    `edits`: orders that changed what is asked for; `started` has specs, parameters and budget as they are now. `left`: turns set aside by going
    back. `policy`: the last that the user changed to (name, options). `budget`: simulations, where the user changed them.
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
    logs: list[dict[str, Any]] = field(default_factory=list)
    sequence: int = 0

    def apply(self, event: Event) -> None:
        """Take one event in."""
        self.sequence = event["seq"] + 1
        match event["type"]:
            case "run.started":
                self.started = self.started or event
                self.finished = {}
            case "baseline" | "turn.evaluated":
                # the model's own words stand in turn.proposed only
                if self.pending and event["type"] == "turn.evaluated":
                    event = {**event, "proposal": {**event["proposal"], "reply": self.pending.pop(0)["reply"]}}
                self.turns.append(event)
            case "turn.proposed":
                self.pending.append(event)
            case "policy.changed":
                self.handovers.append(event)
                if "name" in event:
                    self.policy = {"name": event["name"], "options": event["options"]}
            case "proposal.dropped":
                self.pending = []
            case "hint":
                self.hints.append(event["text"])
            case "run.paused" | "run.resumed":
                self.paused = event["type"] == "run.paused"
            case "review":
                self.review = event["on"]
            case "log":
                self.logs.append(event)
            case "budget.changed":
                self.budget = event["simulations"]
                self.started = {**self.started, "budget": {**self.started["budget"], "simulations": self.budget}}
            case "problem.changed":
                self.edits.append(event["order"])
                self.started = {**self.started, "specs": event["specs"], "parameters": event["parameters"]}
                now = {turn["index"]: turn for turn in event["turns"]}
                self.turns = [{**turn, **now[turn["index"]]} for turn in self.turns]
            case "branched":
                self.left.append(self.turns[event["turn"] + 1 :])
                self.turns = self.turns[: event["turn"] + 1]
            case "returned":
                back, now_left = self.left.pop(), self.turns[event["turn"] :]
                if now_left:
                    self.left.append(now_left)
                self.turns = [*self.turns[: event["turn"]], *back]
            case "best.updated":
                self.best = event
            case "sim.failed":
                self.failures.append(event)
            case "verified":
                self.verified = event
            case "run.finished":
                self.finished = event

    @property
    def simulations(self) -> int:
        """Proposals simulated (the baseline comes on top)."""
        return sum(turn["index"] > 0 and "evaluation" in turn for turn in self.turns)

    @property
    def curve(self) -> list[float]:
        """Best score so far, after each turn."""
        result: list[float] = []
        for turn in self.turns:
            result.append(max(turn["score"], result[-1] if result else 0.0))
        return result


def fold(events: Iterable[Event]) -> RunState:
    """The state after all these events."""
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def restore_turns(rows: Sequence[Event], problem: Problem) -> list[Turn]:
    """Turns as the agent's own objects; scores are worked out again from the values, which are what was measured."""
    turns = []
    for data in rows:
        evaluation = evaluation_from(data["evaluation"]) if "evaluation" in data else None
        graded = score(problem.specs, evaluation) if evaluation is not None else None
        turns.append(Turn(data["index"], proposal_from(data["proposal"]), data["sizing"], evaluation, graded))
    return turns


def restore_pending(state: RunState) -> list[Proposal]:
    """The proposals that were not played yet."""
    return [proposal_from(event) for event in state.pending]
