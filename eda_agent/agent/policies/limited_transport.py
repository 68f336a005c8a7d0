"""A limited transport aborts an HTTP reply that is too large or too slow.

The time-outs of HTTP clients apply between two pieces of a reply; a server that sends one byte per second never exceeds
them.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import httpx2 as httpx

MAX_BYTES = 16_000_000
"""Maximum size of a reply after decompression, in bytes."""
WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Encoding of a reply → zlib's window bits."""


class LimitedTransport(httpx.HTTPTransport):
    """`seconds`: limit for one reply from its first byte to its last."""

    def __init__(self, seconds: float, most: int = MAX_BYTES):
        super().__init__()
        self.seconds, self.most = seconds, most

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["accept-encoding"] = ", ".join(WINDOWS)
        response = super().handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        # the client would decompress a reply completely, whatever its size
        coding = response.headers.pop("content-encoding", "identity").strip().lower()
        if coding not in {*WINDOWS, "identity", ""}:
            response.close()
            raise httpx.ReadError(
                f"the reply is compressed as {coding[:20]!r}, which was not requested", request=request
            )
        window = WINDOWS.get(coding)
        response.stream = _Stream(response.stream, self.seconds, self.most, request, window)
        return response


class _Stream(httpx.SyncByteStream):
    def __init__(
        self, stream: httpx.SyncByteStream, seconds: float, most: int, request: httpx.Request, window: int | None
    ):
        self.stream, self.seconds, self.most, self.request = stream, seconds, most, request
        self._inflater = None if window is None else zlib.decompressobj(window)

    def __iter__(self) -> Iterator[bytes]:
        until, left = time.monotonic() + self.seconds, self.most
        for sent in self.stream:
            part = self._inflated(sent, left + 1)
            left -= len(part)
            if left < 0:
                raise httpx.ReadError(f"the reply is longer than {self.most / 1e6:g} MB", request=self.request)
            if time.monotonic() > until:
                raise httpx.ReadTimeout(f"the reply took more than {self.seconds:g} s", request=self.request)
            yield part

    def _inflated(self, part: bytes, most: int) -> bytes:
        if self._inflater is None:
            return part
        try:
            return self._inflater.decompress(part, most)
        except zlib.error:
            raise httpx.ReadError("the reply is not compressed as declared", request=self.request) from None

    def close(self) -> None:
        self.stream.close()
