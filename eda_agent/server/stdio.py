"""The server speaks the Model Context Protocol on stdin and stdout, with major 1 or 2 of its SDK."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from eda_agent import __version__
from eda_agent.error_data import error_data, kind_of
from eda_agent.errors import EdaAgentError
from eda_agent.server.confined import Root
from eda_agent.server.registry import TOOLS, call

INSTRUCTIONS = (
    "eda-agent sizes analog circuits in ngspice. The way: init a netlist (or take a spec.yaml), answer what it guessed,"
    " change targets with edit (metrics lists what may be asked), check it, simulate sizings in batches, ask for"
    " sensitivities and operating points, make a few proposals of your own, then size with policy auto and run wait,"
    " and show the result. A margin is negative where a spec is missed; a run is met only if every spec is met in every"
    " corner."
)


def serve(root: Root) -> None:
    """Serve until the client closes stdin."""
    asyncio.run(_serve(root))


async def _serve(root: Root) -> None:
    server = _server(root)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _server(root: Root) -> Any:
    """The SDK's server: major 1 takes its functions by decorators, major 2 as arguments."""

    async def called(name: str, arguments: Mapping[str, Any] | None) -> Any:
        data, failed = await asyncio.to_thread(_answer, root, name, dict(arguments or {}))
        text = json.dumps(data, ensure_ascii=False)
        return types.CallToolResult.model_validate(
            {"content": [{"type": "text", "text": text}], "structuredContent": data, "isError": failed}
        )

    about = {"version": __version__, "instructions": INSTRUCTIONS}
    if hasattr(Server, "list_tools"):
        server = Server("eda-agent", **about)
        server.list_tools()(_listed)
        server.call_tool(validate_input=False)(called)
        return server

    async def list_tools(context: Any, request: Any) -> Any:
        return types.ListToolsResult(tools=await _listed())

    async def call_tool(context: Any, request: Any) -> Any:
        return await called(request.name, request.arguments)

    return Server("eda-agent", on_list_tools=list_tools, on_call_tool=call_tool, **about)


async def _listed() -> list[Any]:
    rows = [{"name": tool.name, "description": tool.description, "inputSchema": tool.schema} for tool in TOOLS.values()]
    return [types.Tool.model_validate(row) for row in rows]


def _answer(root: Root, name: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """(the data of a tool or of its error, whether it failed)."""
    try:
        return plain(call(name, root, arguments)), False
    except EdaAgentError as error:
        return error_data(kind_of(error), str(error), error.exit_status, error), True
    except OSError as error:
        where = f"{os.path.basename(str(error.filename))}: " if error.filename else ""
        return error_data("storage", f"{where}{error.strerror}", 3), True


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """The data without nan and infinity, which JSON lacks."""
    from eda_agent.record.events import plain as without_nan

    found: dict[str, Any] = without_nan(data)
    return found
