"""Keys of endpoints and of everything else in the environment: looked for in all that a run writes and says, also where
the endpoint says them itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.secret import plain_address
from eda_agent.errors import InputError
from tests.conftest import CIRCUITS
from tests.evidence import cases

KEY = "sk-canary-0123456789"
OTHERS = {
    "AWS_SECRET_ACCESS_KEY": "canary-aws",
    "HF_TOKEN": "canary-hf",
    "PIP_INDEX_URL": "https://u:canary-pip@h/simple",
}


class Echo(BaseHTTPRequestHandler):
    """Says the key that it was shown: in its model's name, its answers, its reasoning, its errors."""

    mode = "answer"
    shown: list[str] = []

    def _send(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._send(
            200,
            {
                "object": "list",
                "data": [
                    {"id": name, "object": "model", "created": 0, "owned_by": "x"}
                    for name in ("a", self._key())[: 1 + (self.mode == "models")]
                ],
            },
        )

    def _key(self) -> str:
        key = self.headers["Authorization"].removeprefix("Bearer ")
        self.shown.append(key)
        return key

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self._key()
        if self.mode == "error":
            return self._send(401, {"error": {"message": f"Incorrect API key provided: {key}", "type": key}})
        if self.mode == "refuse":
            return self._send(400, {"error": {"message": f"what is {key}?"}})
        content = (
            f"I use {key}."
            if self.mode == "prose"
            else json.dumps({"reasoning": f"because {key}", "sizing": {"W12": "9u", key: 1}})
        )
        message = {"role": "assistant", "content": content, "reasoning_content": f"thinking of {key}"}
        return self._send(
            200,
            {
                "id": key,
                "object": "chat.completion",
                "created": 0,
                "model": key,
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            },
        )

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Echo.shown.clear()
    served = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_address[1]}/v1"
    served.shutdown()
    served.server_close()


def written(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


@pytest.mark.parametrize("mode", cases(["answer", "prose", "error", "refuse", "models"], "answer", "error"))
def test_nothing_that_is_kept_or_said_holds_a_key(
    mode: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "mode", mode)
    environment = {
        **os.environ,
        **OTHERS,
        "OPENAI_API_KEY": KEY,
        "EDA_AGENT_CACHE": str(tmp_path / "cache"),
        "EDA_AGENT_CONFIG": str(tmp_path / "config"),
        "TMPDIR": str(tmp_path),
    }
    run = tmp_path / "run"
    model = [] if mode == "models" else ["--model", "a"]
    commands = [
        [
            "size",
            str(CIRCUITS / "ota_5t"),
            "--policy",
            "chat",
            "--endpoint",
            server,
            *model,
            "--budget",
            "2",
            "--events",
            "--out",
            str(run),
        ],
        ["show", str(run), "--turn", "1"],
        ["report", str(run), "--no-sim"],
        ["report", str(run), "--format", "json"],
        ["runs", str(tmp_path)],
        ["doctor", "--report"],
    ]
    if mode != "answer":
        commands = commands[:1]
    said = b""
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "eda_agent", *command],
            env=environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        said += done.stdout + done.stderr
    # it was really sent, and really came back
    assert KEY in Echo.shown
    if mode in {"answer", "prose"}:
        assert b"[key]" in (run / "journal.jsonl").read_bytes()
    else:
        assert b"[key]" in said
    for secret in (KEY, *(value.split(":")[-1].split("@")[0] for value in OTHERS.values())):
        assert secret.encode() not in said
        assert not any(secret.encode() in data for data in written(tmp_path)), secret


@pytest.mark.parametrize(
    "address",
    [
        "https://user:canary@host/v1",
        "https://canary@host/v1",
        "https://host/v1?api_key=canary",
        "https://host/v1#canary",
    ],
)
def test_an_address_with_a_key_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(InputError, match="OPENAI_API_KEY") as caught:
        ChatPolicy(0, address, "m")
    assert "canary" not in str(caught.value)
    assert plain_address("https://host:8000/v1") == "https://host:8000/v1"
