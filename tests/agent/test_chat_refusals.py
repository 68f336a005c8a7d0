"""What a provider refuses of a request is left out of the next ones, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.chat import ChatPolicy

from .endpoint import GOOD, Server, refused

Body = dict[str, Any]

REFUSALS: dict[str, tuple[Callable[[Body], bool], tuple[int, str], Callable[[Body], bool]]] = {
    "another name of the limit": (
        lambda body: "max_tokens" in body,
        refused("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."),
        lambda body: body["max_completion_tokens"] == 8192,
    ),
    "a lower limit": (
        lambda body: body.get("max_tokens", 0) > 4096,
        refused("max_tokens is too large: 8192. This model supports at most 4096 completion tokens"),
        lambda body: body["max_tokens"] == 4096,
    ),
    "the room that a context leaves": (
        lambda body: body.get("max_tokens", 0) > 8192 - 3000,
        refused(
            "This model's maximum context length is 8192 tokens. However, you requested 11192 tokens (3000 input tokens"
            " in the messages, 8192 in the completion)."
        ),
        lambda body: body["max_tokens"] < 8192 - 3000,
    ),
    "temperature": (
        lambda body: "temperature" in body,
        refused("Unsupported value: 'temperature' does not support 0.5 with this model."),
        lambda body: "temperature" not in body,
    ),
    "reasoning effort": (
        lambda body: "reasoning_effort" in body,
        refused("Unrecognized request argument supplied: reasoning_effort"),
        lambda body: "reasoning_effort" not in body,
    ),
    "seed": (
        lambda body: "seed" in body,
        refused("Extra inputs are not permitted: seed", status=422),
        lambda body: "seed" not in body,
    ),
    "a forced tool": (
        lambda body: body.get("tool_choice", "auto") != "auto",
        refused("tool_choice is not supported by this model"),
        lambda body: "tools" in body and "tool_choice" not in body,
    ),
    "tools": (
        lambda body: "tools" in body,
        refused("No endpoints found that support tool use", status=404),
        lambda body: body["response_format"]["type"] == "json_schema",
    ),
    "schema of the JSON mode": (
        lambda body: "tools" in body or body.get("response_format", {}).get("type") == "json_schema",
        refused("'response_format' of type json_schema is not supported (tools neither)"),
        lambda body: body["response_format"]["type"] == "json_object",
    ),
    "JSON mode": (
        lambda body: "tools" in body or "response_format" in body,
        refused("unknown field"),
        lambda body: "response_format" not in body and "tools" not in body,
    ),
    "whole replies": (
        lambda body: not body.get("stream"),
        refused("This model only supports stream=true"),
        lambda body: body["stream"] is True,
    ),
}


@pytest.mark.parametrize("name", list(REFUSALS))
def test_what_a_provider_refuses_is_left_out_and_remembered(server: Server, env: Environment, name: str) -> None:
    refuses, error, adapted = REFUSALS[name]
    server.reply = lambda body: error if refuses(body) else {"content": GOOD}
    policy = ChatPolicy(0, server.url, temperature=0.5, reasoning_effort="low")
    assert policy.propose(env.history).sizing is not None
    count = len(server.requests)
    assert adapted(server.requests[-1])
    env.step(policy.propose(env.history))
    assert len(server.requests) == count + 1, "it is not asked again for what it refuses"


def test_a_context_that_is_too_short_is_remembered(server: Server, env: Environment) -> None:
    def reply(body: Body) -> Any:
        long = "## Circuit" in body["messages"][1]["content"]
        return (
            refused("This model's maximum context length is 2048 tokens", code="context_length_exceeded")
            if long
            else {"content": GOOD}
        )

    server.reply = reply
    policy = ChatPolicy(0, server.url)
    first = policy.propose(env.history)
    assert any("shortened" in note for note in first.notes)
    count = len(server.requests)
    policy.propose(env.history)
    assert len(server.requests) == count + 1
