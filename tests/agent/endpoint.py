"""A server on loopback that speaks as an OpenAI-compatible endpoint, and misbehaves as providers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = json.dumps({"reasoning": "wider pair", "sizing": {"W12": "50u", "L12": "1u", "m5": "8", "Cc": "0.1p"}})


class Server(ThreadingHTTPServer):
    """Answers with what `reply(body)` gives: a message dict, or (status, text, headers).

    A message may have `finish` and `usage`. It is streamed if the request asks for that.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers_seen: list[str] = []
        self.all_headers: list[dict[str, str]] = []
        self.reply: Any = lambda body: {"content": GOOD}
        self.models = ["tiny"]
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in self.server.models]
        self._send(200, json.dumps({"object": "list", "data": rows}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.headers_seen.append(self.headers.get("Authorization", ""))
        self.server.all_headers.append({name.lower(): value for name, value in self.headers.items()})
        answer = self.server.reply(body)
        if isinstance(answer, tuple):
            self._send(*answer)
            return
        message = {"role": "assistant", "content": None, **answer}
        finish, usage = message.pop("finish", "stop"), message.pop("usage", None)
        if body.get("stream"):
            self._stream(message, finish, usage)
            return
        choice = {"index": 0, "finish_reason": finish, "message": message}
        data = {"id": "1", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice]}
        self._send(200, json.dumps({**data, "usage": usage}))

    def _stream(self, message: dict[str, Any], finish: str, usage: Any) -> None:
        """The message in pieces, as server-sent events; the usage last, with no choice."""
        deltas: list[dict[str, Any]] = [{"role": "assistant"}]
        for key, value in message.items():
            if isinstance(value, str) and key != "role":
                deltas += [{key: value[start : start + 7]} for start in range(0, len(value), 7)]
        for index, call in enumerate(message.get("tool_calls", ())):
            arguments = call["function"]["arguments"]
            deltas.append({"tool_calls": [{**call, "index": index, "function": {**call["function"], "arguments": ""}}]})
            for start in range(0, len(arguments), 9):
                piece = {"index": index, "function": {"arguments": arguments[start : start + 9]}}
                deltas.append({"tool_calls": [piece]})
        base = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "tiny"}
        chunks = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        chunks.append({**base, "choices": [], "usage": usage})
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self._send(200, text, {"Content-Type": "text/event-stream"})

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs."""
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def refused(message: str, status: int = 400, code: str = "") -> tuple[int, str]:
    """An error as OpenAI's API words it."""
    return status, json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": code or None}})


def call(name: str, arguments: Any, number: int = 0) -> dict[str, Any]:
    """One tool call of a message."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": text}}


def calls(*pairs: tuple[str, Any]) -> dict[str, Any]:
    """A message with tool calls."""
    return {"tool_calls": [call(name, arguments, number) for number, (name, arguments) in enumerate(pairs)]}


def propose(*sizings: dict[str, str], reasoning: str = "r") -> dict[str, Any]:
    """A message that proposes sizings."""
    return calls(("propose", {"reasoning": reasoning, "sizings": list(sizings)}))
