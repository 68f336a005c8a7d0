"""A bounded transport gives up on an answer that does not end: one that is too long, or that takes too long as a whole.

HTTP clients have time-outs between two pieces of an answer; a server that sends a byte a second for ever stays within them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2 as httpx

MOST = 16_000_000
"""Bytes of an answer."""


class Bounded(httpx.HTTPTransport):
    """`seconds`: for one answer from its first byte to its last."""

    def __init__(self, seconds: float, most: int = MOST):
        super().__init__()
        self.seconds, self.most = seconds, most

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Stream(response.stream, self.seconds, self.most, request)
        return response


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, seconds: float, most: int, request: httpx.Request):
        self.stream, self.seconds, self.most, self.request = stream, seconds, most, request

    def __iter__(self) -> Iterator[bytes]:
        until, left = time.monotonic() + self.seconds, self.most
        for part in self.stream:
            left -= len(part)
            if left < 0:
                raise httpx.ReadError(f"the answer is longer than {self.most / 1e6:g} MB", request=self.request)
            if time.monotonic() > until:
                raise httpx.ReadTimeout(f"the answer took more than {self.seconds:g} s", request=self.request)
            yield part

    def close(self) -> None:
        self.stream.close()
