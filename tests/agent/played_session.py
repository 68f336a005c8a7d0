"""A session is a loop whose commands are sent when so many turns are played."""

from __future__ import annotations

import json
from typing import Any

from eda_agent.agent.commands import command_from
from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Loop
from eda_agent.agent.policies.random import RandomPolicy
from eda_agent.agent.policies.registry import make_policy
from eda_agent.problem.spec import Budget, Problem
from eda_agent.record.events import envelope
from eda_agent.record.fold import RunState, fold
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.simulation.fake import FunctionSimulator

from .conftest import amplifier


class Session:
    """A loop whose commands are sent when so many turns are played; `events` are what a front sees."""

    def __init__(self, problem: Problem, count: int, plan: dict[int, list[dict[str, Any]]], *, review: bool = False):
        self.events: list[dict[str, Any]] = []
        self.control = Control()
        self.plan = dict(plan)
        self.env = Environment(problem, FunctionSimulator(problem, amplifier))
        self.loop = Loop(
            self.env, RandomPolicy(0), Budget(count, until="spent"), self.emit, self.control, review=review,
            make_policy=lambda name, options: make_policy(name, 0, options),
        )  # fmt: skip
        self._send(-1)
        self.reason = self.loop.run()

    def emit(self, type: str, /, **fields: Any) -> None:
        event = envelope(len(self.events), type, fields)
        json.dumps(event, allow_nan=False)
        self.events.append(event)
        if type in {"baseline", "turn.evaluated"}:
            self._send(event["index"])
        elif type in {"turn.proposed", "run.paused"}:
            self._send(
                {"turn.proposed": 1000, "run.paused": 2000}[type]
                + len([one for one in self.events if one["type"] == type])
            )

    def _send(self, at: int) -> None:
        for data in self.plan.pop(at, []):
            self.control.send(command_from(data))

    @property
    def state(self) -> RunState:
        return fold(
            [
                {"v": 1, "seq": 0, "t": 0, "type": "run.started", "specs": [], "parameters": [], "budget": {}},
                *self.events,
            ]
        )

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def warnings(self) -> list[str]:
        return [event["message"] for event in self.events if event["type"] == "log"]


def agrees(session: Session) -> None:
    """The fold over the events is the loop's own state."""
    state = session.state
    turns = session.env.history.turns
    assert [turn["index"] for turn in state.turns] == [turn.index for turn in turns]
    assert [turn["score"] for turn in state.turns] == [turn.value for turn in turns]
    restored = restore_turns(restore_state(session.events).turns, session.env.problem)
    assert [turn.sizing for turn in restored] == [turn.sizing for turn in turns]
    assert [len(left) for left in state.left] == [len(left) for left in session.loop.steering.undo_stack]
    best = session.env.history.incumbent
    assert best is not None and state.best["index"] == best.index and state.best["score"] == best.value
