"""The chat policy against an OpenAI-compatible server on loopback: modes, reasoning, malformed replies, faults,
keys.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.errors import InputError, MissingError

from .endpoint import GOOD, Server


def call(arguments: str) -> dict[str, Any]:
    return {
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "propose_sizing", "arguments": arguments}}]
    }


def test_a_tool_call_with_reasoning_beside_it(
    server: Server, env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    server.reply = lambda body: {**call(GOOD), "reasoning_content": "gbw is low, so more gm"}
    policy = ChatPolicy(0, server.url)
    turn = env.step(policy.propose(env.history))
    assert turn.sizing is not None
    assert turn.sizing["W12"] == 50e-6
    assert turn.sizing["Rz"] == env.history.turns[0].sizing["Rz"]  # type: ignore[index]  # the baseline has sizes
    assert "gbw is low" in turn.proposal.reasoning
    assert "wider pair" in turn.proposal.reasoning
    request = server.requests[0]
    assert request["model"] == "tiny"
    sizing = request["tools"][0]["function"]["parameters"]["properties"]["sizings"]["items"]
    assert list(sizing["properties"]) == list(env.problem.space.names)
    assert server.headers_seen == ["Bearer canary-key"]
    assert "canary" not in json.dumps(request)
    assert "canary" not in repr(turn)


def test_a_server_without_tools_is_asked_for_json_then_text(server: Server, env: Environment) -> None:
    def reply(body: dict[str, Any]) -> Any:
        if "tools" in body or "response_format" in body:
            return (400, '{"error": {"message": "not supported"}}')
        return {"content": f"Here: {GOOD}"}

    server.reply = reply
    policy = ChatPolicy(0, server.url)
    assert policy.propose(env.history).sizing is not None
    assert ["tools" in body or "response_format" in body for body in server.requests] == [True, True, False]
    policy.propose(env.history)
    assert len(server.requests) == 4  # what it cannot do is not asked again


def test_malformed_replies_are_failed_proposals_with_help_and_another_mode(server: Server, env: Environment) -> None:
    server.reply = lambda body: {"content": "<html>no</html>"} if "tools" in body else {"content": GOOD}
    policy = ChatPolicy(0, server.url)
    for number in range(2):
        turn = env.step(policy.propose(env.history))
        assert turn.sizing is None
        assert turn.value == 0.0
        # the model hears what is wrong in the same turn, and once more in the next
        assert "no JSON object" in server.requests[2 * number + 1]["messages"][-1]["content"]
    assert "no JSON object" in server.requests[2]["messages"][1]["content"]
    assert env.step(policy.propose(env.history)).sizing is not None
    assert "response_format" in server.requests[4]
    # a reply that was no use is no row of the turns
    assert "\n1 | " not in server.requests[4]["messages"][1]["content"]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_an_endpoint_that_fails_ends_the_run_with_one_message(
    server: Server, env: Environment, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eda_agent.agent.policies import chat_client

    monkeypatch.setattr(chat_client, "RETRIES", 0)
    server.reply = lambda body: (status, '{"error": {"message": "broken"}}')
    with pytest.raises(MissingError, match="endpoint"):
        ChatPolicy(0, server.url, "tiny").propose(env.history)


def test_a_prompt_that_is_too_long_is_shortened(server: Server, env: Environment) -> None:
    server.reply = lambda body: (
        (400, '{"error": {"message": "maximum context length"}}')
        if "## Circuit" in body["messages"][1]["content"]
        else {"content": GOOD}
    )
    assert ChatPolicy(0, server.url).propose(env.history).sizing is not None


def test_which_model(server: Server) -> None:
    server.models = ["a", "b"]
    with pytest.raises(InputError, match="--model a or b"):
        ChatPolicy(0, server.url)
    with pytest.raises(InputError, match="chat mode"):
        ChatPolicy(0, server.url, "a", mode="nope")


def test_no_seed_where_a_server_cannot_take_one(server: Server, env: Environment) -> None:
    ChatPolicy(0, server.url).propose(env.history)
    ChatPolicy(0, server.url, request_seed=False).propose(env.history)
    assert ["seed" in body for body in server.requests] == [True, False]
