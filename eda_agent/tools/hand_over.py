"""`hand_over` gives the run to the search around the best sizing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.problem.spec import Problem
from eda_agent.tools.tool import Context, Result, Schema, Tool, arguments_schema


def _parameters(_problem: Problem) -> Schema:
    why = {"type": "string", "maxLength": 300, "description": "what is left to do, in one sentence"}
    return arguments_schema({"why": why}, ["why"])


def _run(_context: Context, arguments: Mapping[str, Any]) -> Result:
    why = " ".join(arguments["why"].split())[:300] or "the model hands over"
    return Result({"handover": why}, "the search proposes from now on", handover=why)


TOOL: Tool = Tool(
    "hand_over",
    "Let a numerical search go on from the best sizing: when the rest is fine tuning. You get the run back with what"
    " it found.",
    _parameters,
    _run,
    ends_turn=True,
)
