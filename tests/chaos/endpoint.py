"""A model's endpoint that misbehaves: for a while, which a run survives by itself, or for good, which it survives with
--resume.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .count import CIRCUITS, Count, finish, judge, state_of

KEY = "canary-key-7b1f"
TURNS = 3
Act = Callable[[BaseHTTPRequestHandler], None]


def _text(status: int, text: str, kind: str = "application/json", length: int | None = None) -> Act:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(text.encode()) if length is None else length))
        handler.send_header("Retry-After-Ms", "20")
        handler.end_headers()
        handler.wfile.write(text.encode())

    return act


def _answer(content: Any) -> str:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    return json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice]})


def _sleep(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(4.0)
    handler.close_connection = True


def _drop(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.close()


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"message": {"content": "')
    while True:
        handler.wfile.write(b"x" * 65536)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def good(asked: int) -> str:
    """Another sizing for each request: one that was tried is not simulated again."""
    return json.dumps({"reasoning": "r", "sizing": {"W12": f"{9 + asked / 100:g}u"}})


GOOD = good(0)
FAULTS: dict[str, Act] = {
    "times out": _sleep,
    "closes the connection": _drop,
    "429": _text(429, '{"error": {"message": "slow down"}}'),
    "500": _text(500, '{"error": {"message": "oops"}}'),
    "503 in HTML": _text(503, "<html>Bad Gateway</html>", "text/html"),
    "an answer cut short": _text(200, _answer(GOOD)[:60], length=5000),
    "an answer without end": _endless,
    "a byte at a time": _drip,
    "HTML instead of JSON": _text(200, "<!DOCTYPE html><html>login</html>", "text/html"),
    "JSON of another kind": _text(200, '{"hello": 1}'),
    "no choices": _text(200, '{"id": "1", "object": "chat.completion", "created": 0, "model": "t", "choices": []}'),
    "null content": _text(200, _answer(None)),
    "prose": _text(200, _answer("I would widen M1.")),
    "a wrong schema": _text(200, _answer('{"sizing": ["W12"]}')),
    "a list for content": _text(200, _answer([1, 2])),
    "not JSON": _text(200, "{{{{"),
    "nothing": _text(200, ""),
    "401": _text(401, '{"error": {"message": "no key"}}'),
    "404": _text(404, '{"error": {"message": "no model"}}'),
    "a redirect": _text(302, ""),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, act: Act, bad: int):
        self.act, self.bad, self.asked = act, bad, 0
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: object) -> None:
        pass  # a client that hangs up is what half of these want


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        _text(200, '{"object": "list", "data": [{"id": "tiny", "object": "model", "created": 0, "owned_by": "x"}]}')(
            self
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        (self.server.act if self.server.asked <= self.server.bad else _text(200, _answer(good(self.server.asked))))(
            self
        )

    def log_message(self, *_: object) -> None:
        pass


def _arguments(url: str, folder: Path) -> list[str]:
    return [
        "size",
        str(CIRCUITS / "ota_5t"),
        "--policy",
        "chat",
        "--endpoint",
        url,
        "--answer-timeout",
        "1",
        "--budget",
        str(TURNS),
        "--json",
        "--out",
        str(folder),
    ]


def endpoint(place: Path, names: list[str] | None = None) -> Count:
    """Each fault twice: the first request only, and every request until the run gives up; then the endpoint is mended
    and the run goes on.
    """
    count = Count("a model's endpoint")
    cache = place / "cache-e"
    for name in names or list(FAULTS):
        for bad in (1, 10**9):
            server = _Server(FAULTS[name], bad)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_address[1]}/v1"
            folder = place / f"{name}-{bad}".replace(" ", "-")
            told = finish(_arguments(url, folder), cache, extra={"OPENAI_API_KEY": KEY})
            count.injected += min(server.asked, bad)
            if "Traceback" in told.stderr or told.returncode not in (0, 1, 2, 3):
                count.notes.append(f"{name}, {bad}: status {told.returncode}: {told.stderr[-300:]}")
            before = state_of(folder) if (folder / "journal.jsonl").exists() else None
            server.bad = 0
            if before is not None and before.simulations < TURNS:
                told = finish([*_arguments(url, folder), "--resume"], cache, extra={"OPENAI_API_KEY": KEY})
            server.shutdown()
            server.server_close()
            after = state_of(folder)
            judge(count, folder, after, [turn["index"] for turn in before.turns] if before else [])
            # unusable answers are turns of their own and cost no simulation; after twenty of them a run ends by itself
            if after.simulations != TURNS and after.finished.get("stop") != "no progress":
                count.notes.append(f"{name}, {bad}: {after.simulations} simulations; {told.stderr[-300:]}")
            if (
                any(KEY in path.read_text(errors="replace") for path in folder.iterdir() if path.is_file())
                or KEY in told.stderr + told.stdout
            ):
                count.notes.append(f"{name}, {bad}: the key was written down")
    return count
