"""Rendering puts the parts of a prompt together."""

from __future__ import annotations

import json
from typing import Literal

from eda_agent.agent.history import History
from eda_agent.agent.prompt.facts import facts_text
from eda_agent.agent.prompt.standing import Look, best_text, last_text, search_text
from eda_agent.agent.prompt.turns import own_streak, turns_text
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.recognise import recognise
from eda_agent.problem.structure.saturation import meant_for_saturation

__all__ = ["SYSTEM", "Look", "render"]

SYSTEM = (
    "You size analog circuits. You are shown a circuit, its testbenches, specs and size ranges, and what earlier"
    " sizings measured in ngspice. Work out from the operating points which devices set the missed specs: gm ="
    " (gm/Id)·Id, gbw = gm/(2πC), slew rate = I/C, gain = product of gm/gds, poles gm/C, noise ~ 1/gm and 1/(W·L)."
    " Early on take steps as large as these formulas ask for, and change several sizes at once. Values are numbers with"
    " an engineering prefix (f p n u m k M G), without a unit: 4.7u, 800f. Sizes that you do not name keep those of the"
    " best turn."
)
Answer = Literal["json", "tool"]
MOST_HINTS = 10


def render(
    history: History,
    *,
    best: int = 3,
    last: int = 5,
    netlist: bool = True,
    look: Look | None = None,
    answer: Answer = "json",
    budget: str = "",
    notes: str = "",
    own: str = "chat",
) -> list[dict[str, str]]:
    """The prompt as chat messages.

    Args:
        history: the task and its turns.
        best, last: number of best and of latest turns to show, of a long history.
        netlist: whether the circuit's netlist is shown.
        look: a closer look at a sizing: node voltages, capacitances, noise, frequency response.
        answer: "json" asks for a JSON object, "tool" for a tool call.
        budget: what is used and left, as text.
        notes: results that the model asked for earlier and that still hold.
        own: the policy whose words the reply becomes.
    """
    problem = history.problem
    wanted = saturated(problem)
    parts = [facts_text(problem, netlist=netlist), turns_text(history, best, last)]
    streak = own_streak(history, own)
    if streak:
        parts.append(search_text(history, streak))
    incumbent = history.incumbent
    if incumbent is not None:
        parts.append(best_text(history, incumbent, look, wanted))
        newest = history.turns[history.measured[-1]]
        if newest.index > 0:
            parts.append(last_text(history, newest, incumbent, look, wanted))
    parts.append(notes)
    if history.turns and history.turns[-1].proposal.error:
        parts.append(f"## Your last reply could not be used\n{history.turns[-1].proposal.error[:600]}")
    if history.hints:
        parts.append("## The designer says\n" + "\n".join(history.hints[-MOST_HINTS:]))
    parts.append(_ask(problem, answer, budget))
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "\n\n".join(part for part in parts if part)},
    ]


def saturated(problem: Problem) -> tuple[str, ...]:
    """The devices that must be saturated; none if the circuit does not elaborate."""
    try:
        return meant_for_saturation(recognise(problem.netlist, problem.subckt, problem.pdk))
    except InputError:
        return ()


def _ask(problem: Problem, answer: Answer, budget: str) -> str:
    head = f"## Your turn\n{budget}\n" if budget else "## Your turn\n"
    if answer == "tool":
        return f"{head}Call propose with the next sizing or sizings; ask with the other tools first if it helps."
    names = ", ".join(f'{json.dumps(name)}: "…"' for name in problem.space.names)
    return (
        f'{head}Answer with one JSON object: {{"reasoning": "which spec, which sizes, what you expect", "sizing":'
        f" {{{names}}}}}"
    )
