"""Proposing turns the arguments of a language model's tool call into proposals, and says before a simulation is spent
what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.parse import MAX_REASONING, read_sizes
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem

NAME = "propose"
DESCRIPTION = "Simulate one or several sizings in every testbench and corner. Ends your turn; you see the results next."
MOST = 8
"""Sizings in one call."""
MOVED = "moved into its range"


def propose_schema(problem: Problem) -> dict[str, Any]:
    """The JSON schema of the arguments."""
    sizes = {name: {"type": "string"} for name in problem.space.names}
    why = "which spec to go for, which sizes move it, what you expect; you see it again later"
    given = (
        'one sizing or more, such as {"W1": "4.7u"}; sizes that are not named keep those of the best turn; each sizing'
        " costs one simulation"
    )
    return {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string", "description": why},
            "sizings": {
                "type": "array",
                "items": {"type": "object", "properties": sizes, "additionalProperties": False},
                "minItems": 1,
                "maxItems": MOST,
                "description": given,
            },
        },
        "required": ["reasoning", "sizings"],
        "additionalProperties": False,
    }


def read_proposals(
    problem: Problem, base: Sizing, arguments: Mapping[str, Any], left: int | None = None
) -> tuple[Proposal, ...]:
    """The proposals of a call; sizes that are not named are those of `base`. `left`: simulations that the budget has
    left. Raises `InputError` with a message for the caller.
    """
    given = arguments["sizings"]
    if not given:
        raise InputError("propose: sizings is empty; name at least one sizing")
    if left is not None and len(given) > left:
        raise InputError(f"propose: {len(given)} sizings, but the budget has {left} simulations left")
    reasoning, found = str(arguments["reasoning"])[:MAX_REASONING], []
    for index, sizes in enumerate(given):
        place = f"sizing {index + 1}: " if len(given) > 1 else ""
        if not isinstance(sizes, Mapping):
            raise InputError(f"propose: {place}it must be an object of size and value")
        read = read_sizes(sizes, problem.space, base)
        if read.errors:
            raise InputError(place + read.error_text(problem.space))
        found.append(Proposal(read.sizing, reasoning, notes=read.clipped))
    return tuple(found)


def objections(history: History, proposals: Sequence[Proposal]) -> list[str]:
    """What a model should hear before its proposals are simulated: values outside their range, sizings that were
    simulated before, and two that are equal.
    """
    said, seen = [], list[Sizing]()
    for index, proposal in enumerate(proposals):
        place = f"sizing {index + 1}: " if len(proposals) > 1 else ""
        said += [place + note for note in proposal.notes if MOVED in note]
        sizing = proposal.sizing or {}
        if (turn := tried_as(history, sizing)) is not None:
            said.append(f"{place}turn {turn} had exactly these sizes")
        elif sizing in seen:
            said.append(f"{place}it equals another of your sizings")
        seen.append(sizing)
    return said


def fresh(history: History, proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals that were not simulated before, each once."""
    result: list[Proposal] = []
    for proposal in proposals:
        new = tried_as(history, proposal.sizing or {}) is None
        if new and all(proposal.sizing != other.sizing for other in result):
            result.append(proposal)
    return result


def tried_as(history: History, sizing: Sizing) -> int | None:
    """The turn that simulated a legal sizing, or None."""
    legal = history.problem.space.snap(sizing) if sizing else None
    if legal is None or not history.tried(legal):
        return None
    return next((turn.index for turn in history.turns if turn.sizing == legal), None)
