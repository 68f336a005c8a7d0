"""A real client of the Model Context Protocol: the SDK's own, with a server process, under either of its majors."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

Call = Callable[..., Awaitable[dict[str, Any]]]


def with_server(root: Path, body: Callable[[Call, Any], Awaitable[None]]) -> None:
    """Start a server on a folder, and run `body(call, session)`: `await call("check", target="amp")` gives the data,
    with `failed` beside an error.
    """

    async def talk() -> None:
        process = StdioServerParameters(
            command=sys.executable, args=["-m", "eda_agent", "--allow-code", "mcp", "--root", str(root)], env=None
        )
        async with stdio_client(process) as (reading, writing), ClientSession(reading, writing) as session:
            await session.initialize()

            async def call(name: str, **arguments: Any) -> dict[str, Any]:
                reply = (await session.call_tool(name, arguments)).model_dump(by_alias=True)
                data: dict[str, Any] = reply["structuredContent"]
                assert data is not None, reply
                return {**data, "failed": True} if reply["isError"] else data

            await body(call, session)

    anyio.run(talk)
