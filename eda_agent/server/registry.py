"""The registry has every tool of the server, and calls one with checked arguments."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from eda_agent.errors import EdaAgentError, InputError
from eda_agent.server import drafting, measuring, runs, specs, starting, yields
from eda_agent.server.confined import Root
from eda_agent.server.tool import ServerTool
from eda_agent.server.wording import Wording
from eda_agent.tools.arguments import checked

TOOLS: dict[str, ServerTool] = {
    tool.name: tool
    for tool in (
        drafting.INIT,
        specs.CHECK,
        specs.EDIT,
        specs.METRICS,
        measuring.SIMULATE,
        measuring.ASK,
        starting.SIZE,
        runs.RUN_TOOL,
        runs.SHOW,
        runs.REPORT,
        yields.MONTE_CARLO,
        yields.POST_LAYOUT,
    )
}
"""Name → tool, in the order in which an agent uses them."""
ARGUMENTS = frozenset(name for tool in TOOLS.values() for name in tool.schema["properties"])


def call(name: str, root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    """Call a tool. Raises `EdaAgentError` with a message for the client."""
    tool = TOOLS.get(name)
    if tool is None:
        near = difflib.get_close_matches(name, TOOLS, 1)
        fix = f"did you mean {near[0]}?" if near else f"the tools are {', '.join(TOOLS)}"
        raise InputError(f"no tool {name[:40]!r}\n    → {fix}")
    arguments, words = checked(name, tool.schema, given), Wording(root, ARGUMENTS)
    try:
        found = tool.call(root, arguments)
    except EdaAgentError as error:
        raise words.error(error) from None
    said: dict[str, Any] = found if tool.as_written else words.data(found)
    return said
