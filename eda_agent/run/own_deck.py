"""One run of a designer's own deck in each corner, with every result that it gives under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.problem.spec import Problem
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.simulation.executor import Task
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.reply import sound


@dataclass(frozen=True)
class OwnResults:
    """`results`: testbench → name → (last value, unit, whether the deck prints it), in the first corner. `messages`:
    what failed there, one line each. `everywhere`: testbench → corner → name → value.
    """

    results: Mapping[str, Mapping[str, tuple[float, str, bool]]] = field(default_factory=dict)
    messages: Sequence[str] = ()
    everywhere: Mapping[str, Mapping[str, Mapping[str, float | None]]] = field(default_factory=dict)


def try_own_deck(problem: Problem) -> OwnResults:
    """The results of a problem's decks at the netlist's own sizes in each of its corners. A deck that fails in a
    further corner has no values there.

    Raises:
        InputError: the deck's simulation failed in the first corner, or it gave no result there.
    """
    first = problem.corners[0].name
    results: dict[str, dict[str, Any]] = {}
    everywhere: dict[str, dict[str, dict[str, float | None]]] = {}
    messages: list[str] = []
    with open_evaluator(problem, workers=1 if len(problem.corners) == 1 else None) as evaluator:
        evaluator.prepare()
        instance = evaluator.workbench.instance(problem.space.initial)
        decks = [deck for deck in evaluator.workbench.decks if deck.program is not None]
        replies = evaluator.executor.run([Task(deck, instance, timeout=problem.budget.timeout) for deck in decks])
        for deck, reply in zip(decks, replies, strict=True):
            failed = not sound(reply) or "failure" in reply
            rows = {} if failed else {name: tuple(row) for name, row in reply.get("results", {}).items()}
            everywhere.setdefault(deck.testbench, {})[deck.corner] = {name: row[0] for name, row in rows.items()}
            if deck.corner != first:
                continue
            if failed:
                found = reply.get("failure", {"kind": "crash", "words": ""})
                raise InputError(
                    Finding(f"the deck cannot be simulated: {Failure(found['kind'], found['words'])}", problem.path)
                )
            results[deck.testbench] = rows
            messages += reply.get("messages", [])
    if not any(results.values()):
        raise InputError(
            Finding(
                f"the deck gives no result: {'; '.join(messages[:3]) or 'nothing is measured or printed'}",
                problem.path,
                fix="add a .meas line, or print a number in the .control block",
            )
        )
    return OwnResults(results, messages, everywhere)
