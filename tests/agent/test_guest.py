"""A language model as the guest of a search: who plays when, what the model hears when it gets the run back, batches,
limits. The endpoint is scripted, the simulator closed-form.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.loop import Loop
from eda_agent.agent.policies.auto import AutoPolicy
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.guest import SEARCH_PATIENCE, phase_of
from eda_agent.agent.turn_store import decode_turn, encode_turn
from eda_agent.errors import InputError
from eda_agent.problem.spec import Budget, Problem
from eda_agent.record.events import envelope
from eda_agent.record.fold import RunState
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.simulation.fake import FunctionSimulator
from eda_agent.tools.toolbox import RunToolbox, equip

from .conftest import amplifier
from .endpoint import Server, calls, propose


def play(problem: Problem, policy: Any, simulations: int) -> tuple[str, Environment, list[dict[str, Any]]]:
    env = Environment(problem, FunctionSimulator(problem, amplifier))
    events: list[dict[str, Any]] = []

    def emit(type: str, /, **fields: Any) -> None:
        events.append(envelope(len(events), type, fields))

    loop = Loop(env, policy, Budget(simulations), emit, Control())
    equip(policy, RunToolbox(env.simulator, lambda: loop.steering.budget.simulations))
    return loop.run(), env, events


class Model:
    """A model that gains a little in its first turns and then no more; it cannot meet the specs."""

    def __init__(self, gaining: int):
        self.gaining, self.asked = gaining, 0

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        width = 2.0 * 1.55**self.asked if self.asked <= self.gaining else 2.0 - 0.01 * self.asked
        return propose({"W12": f"{width:.2f}u"}, reasoning=f"reply {self.asked}")


@pytest.mark.parametrize(("gaining", "turns"), [(0, 3), (2, 3), (4, 5), (20, 6)])
def test_the_model_plays_three_to_six_turns_as_long_as_it_gains(
    server: Server, problem: Problem, gaining: int, turns: int
) -> None:
    server.reply = Model(gaining)
    _, env, events = play(problem, AutoPolicy(0, endpoint=server.url), turns + 3)
    assert list(env.history.proposers[1:]) == ["chat"] * turns + ["trust"] * 3
    handovers = [event for event in events if event["type"] == "policy.changed"]
    assert [(event["before"], event["after"]) for event in handovers] == [("chat", "trust")]
    assert handovers[0]["reason"] in {
        "no better design in 1 turn",
        f"no better design in {turns} turns",
        "it has used 6 turns",
    }
    # the owner follows from the turns alone
    assert phase_of(History(problem, list(env.history.turns))).owner == "search"


@pytest.mark.slow
def test_the_model_gets_the_run_back_with_a_report_of_the_search(server: Server, problem: Problem) -> None:
    from eda_agent.agent.policies import guest

    server.reply = Model(1)
    patience, guest.SEARCH_PATIENCE = guest.SEARCH_PATIENCE, 2
    try:
        # specs that nothing meets, so that the search comes to an end
        import dataclasses

        hard = dataclasses.replace(
            problem, specs=(*problem.specs[:-1], dataclasses.replace(problem.specs[-1], minimum=200.0))
        )
        _, env, _ = play(hard, AutoPolicy(0, endpoint=server.url), 60)
    finally:
        guest.SEARCH_PATIENCE = patience
    assert patience == SEARCH_PATIENCE
    proposers = list(env.history.proposers[1:])
    assert proposers[:3] == ["chat"] * 3 and proposers[3] == "trust"
    back = proposers.index("chat", 4)
    prompt = server.requests[3]["messages"][1]["content"]
    assert f"## The search (trust) played turns 4 to {back}: score" in prompt
    assert "Against turn" in prompt


def test_a_model_hands_over_by_itself(server: Server, problem: Problem) -> None:
    answers = [propose({"W12": "6u"}), calls(("hand_over", {"why": "only fine tuning is left"}))]
    server.reply = lambda body: answers.pop(0)
    _, env, events = play(problem, AutoPolicy(0, endpoint=server.url), 5)
    assert list(env.history.proposers[1:]) == ["chat"] + ["trust"] * 4
    changed = next(event for event in events if event["type"] == "policy.changed")
    assert changed["reason"] == "only fine tuning is left"
    # what the hand-over cost is counted
    assert env.history.turns[2].proposal.asked is not None
    assert env.history.turns[2].proposal.asked["usage"]["requests"] == 1
    assert "hand_over" in json.dumps(server.requests[0]["tools"])


def test_the_plain_policy_has_nobody_to_hand_over_to(server: Server, problem: Problem) -> None:
    answers = [calls(("hand_over", {"why": "done"})), propose({"W12": "6u"})]
    server.reply = lambda body: answers.pop(0)
    _, env, _ = play(problem, ChatPolicy(0, server.url), 1)
    assert "there is no search" in server.requests[1]["messages"][-1]["content"]
    assert "hand_over" not in json.dumps(server.requests[0]["tools"])
    assert env.history.turns[1].sizing is not None


def test_several_sizings_are_simulated_side_by_side_and_counted(server: Server, problem: Problem) -> None:
    server.reply = lambda body: propose({"W12": "6u"}, {"W12": "7u"}, {"W12": "8u"})
    reason, env, _ = play(problem, AutoPolicy(0, endpoint=server.url), 3)
    assert reason == "budget"
    assert env.history.simulations == 3
    assert len(server.requests) == 1
    assert [turn.proposal.batch for turn in env.history.turns] == [1, 3, 1, 1]
    # a batch is one turn of the model
    assert phase_of(env.history).owner == "model"
    # more than the budget has are sent back
    answers = [propose({"W12": "6u"}, {"W12": "7u"}, {"W12": "8u"}), propose({"W12": "9u"}, {"W12": "5u"})]
    server.reply = lambda body: answers.pop(0)
    play(problem, ChatPolicy(0, server.url), 2)
    assert "the budget has 2 simulations left" in server.requests[2]["messages"][-1]["content"]


def test_the_search_goes_on_when_the_endpoint_is_gone_or_its_limit_is_reached(server: Server, problem: Problem) -> None:
    server.reply = lambda body: (401, '{"error": {"message": "no"}}')
    _, env, events = play(problem, AutoPolicy(0, endpoint=server.url, model="tiny"), 3)
    assert list(env.history.proposers[1:]) == ["trust"] * 3
    reasons = [event["reason"] for event in events if event["type"] == "policy.changed"]
    assert "the language model is not available" in reasons[0]
    server.reply = Model(9)
    _, env, _ = play(problem, AutoPolicy(0, endpoint=server.url, max_requests=2), 4)
    assert list(env.history.proposers[1:]) == ["chat", "chat", "trust", "trust"]


def test_a_limit_ends_a_run_of_the_plain_policy_with_its_reason(server: Server, problem: Problem) -> None:
    server.reply = Model(9)
    reason, env, events = play(problem, ChatPolicy(0, server.url, max_requests=2), 9)
    assert reason == "budget"
    assert env.history.simulations == 2
    assert any("limit of requests" in event.get("message", "") for event in events)


def test_a_model_that_repeats_itself_ends_the_run_without_a_simulation(server: Server, problem: Problem) -> None:
    server.reply = lambda body: propose({"W12": "2u"})
    reason, env, events = play(problem, ChatPolicy(0, server.url), 9)
    assert reason == "no progress"
    assert env.history.simulations == 0
    assert len(server.requests) <= 6
    assert any("only sizings that were tried" in event.get("message", "") for event in events)


def test_what_a_model_asked_survives_the_journal(server: Server, problem: Problem) -> None:
    answers = [calls(("sensitivity", {"sizes": ["W12", "Cc", "Rz"]})), propose({"W12": "6u"})]
    server.reply = lambda body: answers.pop(0)
    _, env, events = play(problem, ChatPolicy(0, server.url), 3)
    turn = env.history.turns[1]
    assert turn.proposal.spent == 2
    assert decode_turn(encode_turn(turn)).proposal.asked == turn.proposal.asked
    kept = [event for event in json.loads(json.dumps(events)) if event["type"] in {"baseline", "turn.evaluated"}]
    shown = RunState(started={"corners": ["nominal", "slow"]})
    for event in kept:
        shown.apply(event)
    assert shown.simulations == 3
    state = restore_state(kept)
    restored = restore_turns(state.turns, problem)
    assert History(problem, restored).simulations == 3
    assert restored[1].proposal.asked == turn.proposal.asked


def test_options_of_an_endpoint_need_one() -> None:
    with pytest.raises(InputError, match="--endpoint"):
        AutoPolicy(0, max_cost=1.0)
