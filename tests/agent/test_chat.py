"""The chat policy against an OpenAI-compatible server on loopback: modes, reasoning, malformed replies, faults,
keys.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.errors import InputError, MissingError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator

GOOD = json.dumps({"reasoning": "wider pair", "sizing": {"W12": "50u", "L12": "1u", "m5": "8", "Cc": "0.1p"}})


class Server(ThreadingHTTPServer):
    """Answers with what `reply(body)` gives: a message dict, or (status, text)."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers_seen: list[str] = []
        self.reply: Any = lambda body: {"content": GOOD}
        self.models = ["tiny"]
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._send(
            200,
            json.dumps(
                {
                    "object": "list",
                    "data": [
                        {"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in self.server.models
                    ],
                }
            ),
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.headers_seen.append(self.headers.get("Authorization", ""))
        answer = self.server.reply(body)
        if isinstance(answer, tuple):
            self._send(*answer)
            return
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": None, **answer}}
        self._send(
            200,
            json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice]}),
        )

    def _send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def env(problem: Problem, simulator: FunctionSimulator) -> Environment:
    env = Environment(problem, simulator)
    env.start()
    return env


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
    assert request["tools"][0]["function"]["parameters"]["properties"]["sizing"]["required"] == list(
        env.problem.space.names
    )
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
    for _ in range(2):
        turn = env.step(policy.propose(env.history))
        assert turn.sizing is None
        assert turn.value == 0.0
    assert "no JSON object" in server.requests[1]["messages"][1]["content"]
    assert env.step(policy.propose(env.history)).sizing is not None
    assert "response_format" in server.requests[2]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_an_endpoint_that_fails_ends_the_run_with_one_message(
    server: Server, env: Environment, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eda_agent.agent.policies import chat

    monkeypatch.setattr(chat, "RETRIES", 0)
    server.reply = lambda body: (status, '{"error": {"message": "broken"}}')
    with pytest.raises(MissingError, match="endpoint"):
        ChatPolicy(0, server.url, "tiny").propose(env.history)


def test_a_prompt_that_is_too_long_is_shortened(server: Server, env: Environment) -> None:
    server.reply = lambda body: (
        (400, '{"error": {"message": "maximum context length"}}')
        if "## Netlist" in body["messages"][1]["content"]
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
