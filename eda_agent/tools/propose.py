"""`propose` names the next sizing, or several that are simulated side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.parse import MAX_REASONING, read_sizes
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.tools.tool import Context, Result, Schema, Tool, arguments_schema

MOST = 8
"""Sizings in one call."""


def _parameters(problem: Problem) -> Schema:
    sizes = {name: {"type": "string"} for name in problem.space.names}
    sizing = {"type": "object", "properties": sizes, "additionalProperties": False}
    return arguments_schema(
        {
            "reasoning": {
                "type": "string",
                "description": "which spec to go for, which sizes move it, what you expect; you see it again later",
            },
            "sizings": {
                "type": "array",
                "items": sizing,
                "minItems": 1,
                "maxItems": MOST,
                "description": 'one sizing or more, such as {"W1": "4.7u"}; sizes that are not named keep those of the'
                " best turn; each sizing costs one simulation",
            },
        },
        ["reasoning", "sizings"],
    )


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    given = arguments["sizings"]
    if not given:
        raise InputError("propose: sizings is empty; name at least one sizing")
    if context.left is not None and len(given) > context.left:
        raise InputError(f"propose: {len(given)} sizings, but the budget has {context.left} simulations left")
    base, found = context.sizing(), []
    for index, sizes in enumerate(given):
        place = f"sizing {index + 1}: " if len(given) > 1 else ""
        read = read_sizes(sizes, context.problem.space, base)
        if read.errors:
            raise InputError(place + read.error_text(context.problem.space))
        found.append((read.sizing, read.clipped))
    reasoning = str(arguments["reasoning"])[:MAX_REASONING]
    proposals = tuple(Proposal(sizing, reasoning, notes=notes) for sizing, notes in found)
    shown = [dict(sizing) for sizing, _ in found]
    return Result({"sizings": shown}, f"{len(found)} proposed", proposals=proposals)


def objections(context: Context, proposals: Sequence[Proposal]) -> list[str]:
    """What a model should hear before its proposals are simulated: values outside their range, sizings that were
    simulated before, and two that are equal.
    """
    said, seen = [], []
    for index, proposal in enumerate(proposals):
        place = f"sizing {index + 1}: " if len(proposals) > 1 else ""
        said += [place + note for note in proposal.notes if "moved into its range" in note]
        sizing = proposal.sizing or {}
        if (turn := tried_as(context, sizing)) is not None:
            said.append(f"{place}turn {turn} had exactly these sizes")
        elif sizing in seen:
            said.append(f"{place}it equals another of your sizings")
        seen.append(sizing)
    return said


def tried_as(context: Context, sizing: Sizing) -> int | None:
    """The turn that simulated a legal sizing, or None."""
    if not sizing or not History(context.problem, context.turns).tried(sizing):
        return None
    return next((turn.index for turn in context.turns if turn.sizing == sizing), None)


TOOL = Tool(
    "propose",
    "Simulate one or several sizings in every testbench and corner. Ends your turn; you see the results in the next.",
    _parameters,
    _run,
    ends_turn=True,
)
