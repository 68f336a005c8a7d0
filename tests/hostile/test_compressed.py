"""An answer of an endpoint has one limit, after inflation too: a megabyte on the wire can be a gigabyte in memory."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2 as httpx
import pytest

from eda_agent.agent.policies.limited_transport import LimitedTransport

WORDS = b'{"choices": []}' * 1000
ANSWERS = {
    "plain": ("", WORDS),
    "gzip": ("gzip", gzip.compress(WORDS)),
    "deflate": ("deflate", zlib.compress(WORDS)),
    "bomb": ("gzip", gzip.compress(bytes(300_000_000), 9)),
    "bomb in a bomb": ("gzip, gzip", gzip.compress(gzip.compress(bytes(300_000_000), 9), 9)),
    "other": ("br", b"\x0b\x02\x80hello\x03"),
    "lie": ("gzip", b"this is no gzip"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        coding, body = ANSWERS[self.path.removeprefix("/").replace("%20", " ")]
        self.send_response(200)
        if coding:
            self.send_header("Content-Encoding", coding)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["plain", "gzip", "deflate"])
def test_a_sound_answer_is_read_whatever_its_coding(address: str, name: str) -> None:
    with httpx.Client(transport=LimitedTransport(10.0, most=len(WORDS))) as client:
        assert client.get(f"{address}/{name}").content == WORDS


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bomb", "longer than"),
        ("bomb in a bomb", "not requested"),
        ("other", "not requested"),
        ("lie", "not compressed"),
    ],
)
def test_an_answer_that_grows_is_cut_off(address: str, name: str, why: str) -> None:
    tracemalloc.start()
    with (
        httpx.Client(transport=LimitedTransport(20.0, most=1_000_000)) as client,
        pytest.raises(httpx.HTTPError, match=why),
    ):
        client.get(f"{address}/{name}")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 30_000_000
