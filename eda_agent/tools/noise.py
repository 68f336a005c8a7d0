"""`noise` says which devices make the noise of a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.agent.prompt.devices import noise_text
from eda_agent.problem.spec import Problem
from eda_agent.tools.tool import CORNER, TURN, Context, Result, Schema, Tool, arguments_schema


def _parameters(_problem: Problem) -> Schema:
    return arguments_schema({"turn": TURN, "corner": CORNER})


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    found = context.look(context.sizing(arguments.get("turn")), arguments.get("corner"))
    data = {
        bench: {"frequency": one.at, "output": one.total, "shares": dict(one.shares)}
        for bench, one in found.noise.items()
    }
    return Result({"corner": found.corner, "noise": data}, noise_text(found, 12) or "no testbench simulates noise")


TOOL: Tool = Tool(
    "noise",
    "Share of each device in the output noise power of a turn, in one corner. Costs no simulation of the budget.",
    _parameters,
    _run,
)
