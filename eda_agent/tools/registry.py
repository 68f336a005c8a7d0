"""The registry has every tool by its name, and calls one with checked arguments."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.tools import gm_id, hand_over, noise, operating_points, propose, sensitivity, waveform
from eda_agent.tools.arguments import checked
from eda_agent.tools.tool import Context, Result, Tool

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        propose.TOOL,
        sensitivity.TOOL,
        operating_points.TOOL,
        noise.TOOL,
        waveform.TOOL,
        gm_id.TOOL,
        hand_over.TOOL,
    )
}
"""Name → tool, in the order in which they are shown."""


def call(name: str, context: Context, arguments: Mapping[str, Any] | str) -> Result:
    """Call a tool.

    Args:
        name: a name of `TOOLS`.
        context: what it works on.
        arguments: an object with the form of the tool's schema, or its JSON text.

    Raises:
        InputError: no such tool, or arguments that it cannot use; the message is for the caller.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise InputError(f"no tool {name[:40]!r}; the tools are {', '.join(TOOLS)}")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            raise InputError(f"{name}: the arguments are not JSON") from None
    return tool.run(context, checked(name, tool.parameters(context.problem), arguments))


def schemas(problem: Problem, names: Collection[str] = tuple(TOOLS)) -> list[dict[str, Any]]:
    """The tools as OpenAI's `tools` lists them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters(problem),
            },
        }
        for tool in TOOLS.values()
        if tool.name in names
    ]
