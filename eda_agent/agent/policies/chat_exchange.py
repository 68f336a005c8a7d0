"""An exchange is the file of all requests to an endpoint and their replies, without keys: it shows what a model saw,
and replays a run without the endpoint.

The file has one JSON object per line. The first says `{"format": "eda-agent-exchange", "version": 1}`. Each other one
is a request with its reply: `method`, `path` (below the endpoint's address), `body` (JSON as it was sent), `status`,
`retry_after` (s, if there was one) and `reply` (text as it came). A replay returns the replies in their order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2 as httpx

from eda_agent.agent.policies.limited_transport import LimitedTransport
from eda_agent.agent.policies.secret import Secret
from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.files import read_file

FILE = "exchange.jsonl"
HEAD = {"format": "eda-agent-exchange", "version": 1}


class RecordingTransport(LimitedTransport):
    """Writes each request and its reply to `file`, once it is set. A file that cannot be written ends the recording,
    not the run.
    """

    def __init__(self, seconds: float, secret: Secret):
        super().__init__(seconds)
        self.secret = secret
        self.file: Path | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self.file is None:
            return response
        content = response.read()
        self._write(request, response.status_code, response.headers.get("retry-after"), content)
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)

    def _write(self, request: httpx.Request, status: int, pause: str | None, content: bytes) -> None:
        assert self.file is not None
        entry: dict[str, Any] = {"method": request.method, "path": request.url.path.rsplit("/v1/", 1)[-1]}
        entry["body"] = json.loads(request.content) if request.content else None
        entry["status"] = status
        if pause is not None:
            entry["retry_after"] = pause
        entry["reply"] = content.decode("utf-8", "replace")
        line = self.secret.without(json.dumps(entry, ensure_ascii=False))
        try:
            begun = self.file.exists() and self.file.stat().st_size > 0
            with self.file.open("a", encoding="utf-8") as out:
                out.write(line + "\n" if begun else f"{json.dumps(HEAD)}\n{line}\n")
        except OSError:
            self.file = None


class ReplayTransport(httpx.BaseTransport):
    """Replies from an exchange in their order. `differs`: number of prompts that were not those of the recording."""

    def __init__(self, path: Path):
        self.path, self.differs = path, 0
        self._left = _read(path)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.rsplit("/v1/", 1)[-1]
        while self._left and self._left[0]["path"] != path:
            self._left.pop(0)
        if not self._left:
            raise MissingError(f"{self.path}: the recording ends here; it has no more replies")
        entry = self._left.pop(0)
        body = json.loads(request.content) if request.content else None
        if body and (entry.get("body") or {}).get("messages") != body.get("messages"):
            self.differs += 1
        headers = {"content-type": "application/json"}
        if entry["reply"].startswith("data:"):
            headers = {"content-type": "text/event-stream"}
        if "retry_after" in entry:
            headers["retry-after-ms"] = "1"
        return httpx.Response(entry["status"], headers=headers, text=entry["reply"], request=request)


def _read(path: Path) -> list[dict[str, Any]]:
    """The entries of an exchange. Raises `InputError`."""
    try:
        lines = [line for line in read_file(path).decode("utf-8", "replace").splitlines() if line.strip()]
        head, *entries = (json.loads(line) for line in lines)
    except OSError as error:
        raise InputError(Finding(f"cannot read the recording: {error.strerror}", path, where="--replay")) from None
    except ValueError:
        raise InputError(_wrong(path)) from None
    sound = isinstance(head, dict) and head.get("format") == HEAD["format"] and head.get("version") == HEAD["version"]
    for entry in entries:
        sound = sound and isinstance(entry, dict) and isinstance(entry.get("path"), str)
        sound = sound and isinstance(entry.get("reply"), str) and isinstance(entry.get("status"), int)
        sound = sound and isinstance(entry.get("body"), (dict, type(None)))
    if not sound:
        raise InputError(_wrong(path))
    return entries


def _wrong(path: Path) -> Finding:
    return Finding(
        "this is not a recording of an exchange", path, where="--replay", fix=f"give {FILE} of a run's folder"
    )
