"""Asking calls a tool that a language model has in its turn (`eda_agent.tools`), on a circuit or a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.agent.turn import Proposal, Turn
from eda_agent.api.arguments import sizing as plain_sizing
from eda_agent.api.circuit import Circuit, HasCircuit, Place, as_circuit
from eda_agent.errors import InputError
from eda_agent.problem.given_sizing import complete
from eda_agent.record.journal import read_journal
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.run.measure import measure
from eda_agent.run.widening import how_to_widen
from eda_agent.tools import TOOLS, Context, call

QUESTIONS = tuple(name for name, tool in TOOLS.items() if not tool.ends_turn)
"""The tools that ask; the others propose or hand over, which is the business of a run."""


@dataclass(frozen=True)
class Answer:
    """`data` is for programs, in SI units; `text` says the same for people and models."""

    data: Mapping[str, Any]
    text: str

    def __repr__(self) -> str:
        return f"<Answer: {self.text.splitlines()[0][:70] if self.text else 'nothing'}>"

    def __str__(self) -> str:
        return self.text


def ask(
    target: Circuit | HasCircuit | Place, tool: str, sizing: Mapping[str, Any] | None = None, **arguments: Any
) -> Answer:
    """Ask about a circuit or a run: operating points, noise by device, a waveform as numbers, sensitivities, gm/Id.

    Args:
        target: a circuit, a run, or the path of a spec or a run.
        tool: a name of `eda_agent.tools.TOOLS`: sensitivity, operating_points, noise, waveform, gm_id.
        sizing: sizes that differ from the target's; without it a run's `turn` may be given.
        arguments: of the tool.

    Raises:
        InputError: no such tool, or arguments that it cannot use.
    """
    if tool not in QUESTIONS:
        raise InputError(f"no question {str(tool)[:40]!r}; there are {', '.join(QUESTIONS)}")
    circuit = as_circuit(target)
    problem = circuit.problem
    wanted = {} if sizing is None else plain_sizing(sizing)
    whole = complete(problem.space, wanted, circuit.sizing, widen=lambda: how_to_widen(circuit.path))
    turns: Sequence[Turn] = ()
    if circuit.folder is not None and not wanted:
        state = restore_state(read_journal(circuit.folder / "journal.jsonl"))
        # another turn than the best is measured again, unless the tool is asked for one
        if "turn" in arguments or state.best.get("sizing") == circuit.sizing:
            turns = restore_turns(state.turns, problem)
    with open_evaluator(problem) as evaluator:
        if not turns:
            found = measure(problem, evaluator, [whole])[0]
            turns = [Turn(0, Proposal(whole), whole, found.evaluation, found.score)]
        result = call(tool, Context(problem, evaluator, turns), arguments)
    return Answer(result.data, result.text)
