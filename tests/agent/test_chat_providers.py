"""What providers do: each behaviour by a server that behaves so, and what the chat policy makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.chat_exchange import FILE
from eda_agent.errors import InputError, MissingError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator
from eda_agent.tools.toolbox import RunToolbox, equip

from .endpoint import GOOD, Server, calls, propose, refused

Body = dict[str, Any]


def equipped(policy: ChatPolicy, env: Environment, total: int = 50, folder: Path | None = None) -> ChatPolicy:
    equip(policy, RunToolbox(env.simulator, lambda: total, folder))
    return policy


def test_a_reply_cut_off_by_its_length_is_asked_for_once_more_with_a_higher_limit(
    server: Server, env: Environment
) -> None:
    """A reasoning model that thinks for 3000 tokens before it answers."""
    server.reply = lambda body: {"content": GOOD} if body["max_tokens"] > 3000 else {"content": "", "finish": "length"}
    policy = ChatPolicy(0, server.url, max_tokens=1000)
    first = policy.propose(env.history)
    assert first.sizing is not None
    assert "the reply was cut off at 1000 tokens; asked again with 4000" in first.notes
    assert not any("cut off" in note for note in policy.propose(env.history).notes)
    assert [body["max_tokens"] for body in server.requests] == [1000, 4000, 4000]


def test_a_model_that_never_answers_ends_the_run_after_a_few_requests(server: Server, env: Environment) -> None:
    server.reply = lambda body: {"content": "", "reasoning_content": "hm", "finish": "length"}
    policy = ChatPolicy(0, server.url)
    with pytest.raises(MissingError, match=r"no usable reply in 3 turns: the reply was cut off.*\n.*--max-tokens"):
        for _ in range(20):
            env.step(policy.propose(env.history))
    assert len(server.requests) < 40
    assert max(body["max_tokens"] for body in server.requests) == 65536


def test_a_streamed_tool_call_is_put_together(server: Server, env: Environment) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}
    server.reply = lambda body: (
        {
            **propose({"W12": "30u"}, {"W12": "31u"}),
            "reasoning_content": "more gm",
            "finish": "tool_calls",
            "usage": usage,
        }
        if body.get("stream")
        else refused("stream must be true")
    )
    one, other = ChatPolicy(0, server.url).proposals(env.history)
    assert one.sizing is not None and other.sizing is not None
    assert (one.sizing["W12"], other.sizing["W12"]) == (30e-6, 31e-6)
    assert "more gm" in one.reasoning
    assert one.asked is not None
    assert one.asked["usage"]["in"] == 900
    assert one.batch == 2


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_beside_the_reply_is_kept(server: Server, env: Environment, field: str) -> None:
    server.reply = lambda body: {"content": GOOD, field: "the pair is too weak"}
    assert "the pair is too weak" in ChatPolicy(0, server.url).propose(env.history).reasoning


def test_content_as_parts_and_thoughts_in_tags_are_read(server: Server, env: Environment) -> None:
    server.reply = lambda body: {"content": [{"type": "text", "text": f"<think>{{hm}}</think>{GOOD}"}]}
    assert ChatPolicy(0, server.url).propose(env.history).sizing is not None


def test_a_pause_that_the_endpoint_asks_for_is_made(
    server: Server, env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eda_agent.agent.policies import chat_client

    monkeypatch.setattr(chat_client, "RETRIES", 0)
    answers: list[Any] = [(429, '{"error": {"message": "slow down"}}', {"Retry-After": "75"}), {"content": GOOD}]
    server.reply = lambda body: answers.pop(0)
    policy = ChatPolicy(0, server.url)
    slept: list[float] = []
    policy.client.sleep = slept.append
    proposal = policy.propose(env.history)
    assert slept == [75.0]
    assert "the endpoint asked for a pause of 75 s" in proposal.notes


@pytest.mark.parametrize(
    "answer",
    [
        {"content": None, "finish": "content_filter"},
        {"content": None, "refusal": "I cannot help with that"},
        refused(
            "The response was filtered due to the prompt triggering content management policy", code="content_filter"
        ),
    ],
)
def test_a_content_filter_is_said_and_costs_no_simulation(server: Server, env: Environment, answer: Any) -> None:
    server.reply = lambda body: answer
    proposal = ChatPolicy(0, server.url).propose(env.history)
    assert proposal.sizing is None
    assert "content filter" in proposal.error


def test_wrong_values_come_back_before_a_simulation_is_spent(server: Server, env: Environment) -> None:
    """A value without a prefix, then one outside its range, then the same again: it is moved, and the turn says so."""
    answers = [propose({"W12": "40"}), propose({"Cc": "40p"}), propose({"Cc": "40p"})]
    server.reply = lambda body: answers.pop(0)
    policy = equipped(ChatPolicy(0, server.url), env)
    before = len(env.simulator.simulated)  # type: ignore[attr-defined]  # the fake one
    turn = env.step(policy.propose(env.history))
    assert len(env.simulator.simulated) == before + 1  # type: ignore[attr-defined]  # the fake one
    assert turn.sizing is not None
    assert turn.sizing["Cc"] == 10e-12
    assert "did you mean 40u?" in server.requests[1]["messages"][-1]["content"]
    assert "Cc = 40 pF moved into its range: now 10 pF" in server.requests[2]["messages"][-1]["content"]
    assert turn.proposal.notes == ("Cc = 40 pF moved into its range: now 10 pF",)
    # every call has its answer, in the order that the API asks for
    roles = [message["role"] for message in server.requests[2]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]


def test_a_sizing_that_was_tried_is_never_simulated_again(server: Server, env: Environment) -> None:
    server.reply = lambda body: propose({"W12": "2u"})
    policy = equipped(ChatPolicy(0, server.url), env)
    proposal = policy.propose(env.history)
    assert proposal.sizing is None
    assert "turn 0 had exactly these sizes" in server.requests[1]["messages"][-1]["content"]
    # in a batch only the new ones remain
    server.reply = lambda body: propose({"W12": "2u"}, {"W12": "3u"}, {"W12": "3u"})
    assert [one.sizing["W12"] for one in policy.proposals(env.history) if one.sizing] == [3e-6]


def test_a_model_asks_before_it_proposes_and_what_it_costs_is_counted(server: Server, env: Environment) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    answers = [
        {**calls(("sensitivity", {"sizes": ["W12", "Cc"]}), ("nonsense", {})), "usage": usage},
        {**propose({"Cc": "0.2p"}), "usage": usage},
        propose({"Cc": "0.3p"}),
    ]
    server.reply = lambda body: answers.pop(0)
    policy = equipped(ChatPolicy(0, server.url, price="3/15"), env, total=10)
    turn = env.step(policy.propose(env.history))
    said = [message["content"] for message in server.requests[1]["messages"] if message["role"] == "tool"]
    assert "change per +10 %" in said[0] and "the tools are propose" in said[1]
    assert turn.proposal.asked is not None
    assert turn.proposal.asked["simulations"] == 1
    assert turn.proposal.asked["calls"][0]["tool"] == "sensitivity"
    assert turn.proposal.asked["usage"]["cost"] == pytest.approx(2 * (1000 * 3 + 100 * 15) / 1e6)
    assert env.history.simulations == 2
    env.step(policy.propose(env.history))
    text = server.requests[2]["messages"][1]["content"]
    assert "Simulations: 2 used, 8 left. Language model: 2 requests, 2,000 tokens in, 200 out" in text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_requests": 1}, "limit of requests"),
        ({"total_tokens": 1000}, "limit of tokens"),
        ({"max_cost": 0.001, "price": "3/15"}, "limit of cost"),
    ],
)
def test_a_limit_that_is_reached_ends_the_use_of_the_model(
    server: Server, env: Environment, options: dict[str, Any], says: str
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    server.reply = lambda body: {"content": GOOD, "usage": usage}
    policy = ChatPolicy(0, server.url, **options)
    assert policy.spent == ""
    env.step(policy.propose(env.history))
    assert says in policy.spent
    assert "1 request, 1,000 tokens in, 100 out" in policy.bill


def test_a_limit_of_cost_without_prices_is_refused_and_billed_replies_need_none(
    server: Server, env: Environment
) -> None:
    with pytest.raises(InputError, match="--price IN/OUT"):
        ChatPolicy(0, server.url, max_cost=1.0).propose(env.history)
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "cost": 0.7}
    server.reply = lambda body: {"content": GOOD, "usage": usage}
    policy = ChatPolicy(0, server.url, max_cost=1.0)
    policy.propose(env.history)
    assert "cost 0.7 of 1" in policy.bill


def test_headers_come_from_the_environment_and_stay_secret(
    server: Server, env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "canary-header-key")
    server.reply = lambda body: {"content": GOOD.replace("wider pair", "canary-header-key")}
    policy = ChatPolicy(0, server.url, headers="X-Title: sizing; api-key: $MY_KEY")
    proposal = policy.propose(env.history)
    assert server.all_headers[0]["api-key"] == "canary-header-key"
    assert server.all_headers[0]["x-title"] == "sizing"
    assert "canary" not in repr(proposal)
    for wrong, says in (("api-key: abc", "may be a key"), ("nonsense", "NAME: VALUE"), ("A: $NO_SUCH", "no variable")):
        with pytest.raises(InputError, match=says):
            ChatPolicy(0, server.url, headers=wrong)


def test_an_exchange_is_recorded_without_keys_and_replayed_without_the_endpoint(
    server: Server, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    answers = [refused("temperature: unsupported"), calls(("sensitivity", {"sizes": ["W12"]})), propose({"Cc": "0.2p"})]
    server.reply = lambda body: answers.pop(0) if answers else propose({"Cc": "0.3p"}, reasoning="canary-key")

    def play(policy: ChatPolicy, folder: Path | None) -> list[Any]:
        from .conftest import amplifier

        env = Environment(problem, FunctionSimulator(problem, amplifier))
        env.start()
        equipped(policy, env, folder=folder)
        return [env.step(policy.propose(env.history)).sizing for _ in range(2)]

    played = play(ChatPolicy(0, server.url, "tiny", temperature=0.5), tmp_path)
    text = (tmp_path / FILE).read_text()
    assert "canary" not in text
    head, *entries = map(json.loads, text.splitlines())
    assert head == {"format": "eda-agent-exchange", "version": 1}
    assert [entry["status"] for entry in entries] == [400, 200, 200, 200]
    assert entries[0]["path"] == "chat/completions"
    count = len(server.requests)
    replayed = ChatPolicy(0, model="tiny", temperature=0.5, replay=tmp_path / FILE)
    assert play(replayed, None) == played
    assert replayed.transport.differs == 0  # type: ignore[union-attr]  # a replay
    assert len(server.requests) == count
    with pytest.raises(MissingError, match="the recording ends here"):
        play(replayed, None)
    (tmp_path / "other").write_text("{}\n")
    with pytest.raises(InputError, match="not a recording"):
        ChatPolicy(0, model="tiny", replay=tmp_path / "other")
