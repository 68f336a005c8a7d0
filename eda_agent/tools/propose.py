"""`propose` names the next sizing, or several that are simulated side by side (`eda_agent.agent.proposing`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.agent.proposing import DESCRIPTION, NAME, propose_schema, read_proposals
from eda_agent.tools.tool import Context, Result, Tool


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    proposals = read_proposals(context.problem, context.sizing(), arguments, context.left)
    shown = [dict(proposal.sizing or {}) for proposal in proposals]
    return Result({"sizings": shown}, f"{len(proposals)} proposed", proposals=proposals)


TOOL: Tool = Tool(NAME, DESCRIPTION, propose_schema, _run, ends_turn=True)
