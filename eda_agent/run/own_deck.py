"""One run of a designer's own deck, with every result that it gives under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.problem.spec import Problem
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.simulation.executor import Task
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.reply import sound


@dataclass(frozen=True)
class OwnResults:
    """`results`: testbench → name → (last value, unit, whether the deck prints it). `messages`: what failed, one
    line each.
    """

    results: Mapping[str, Mapping[str, tuple[float, str, bool]]] = field(default_factory=dict)
    messages: Sequence[str] = ()


def try_own_deck(problem: Problem) -> OwnResults:
    """The results of a problem's decks at the netlist's own sizes, in the first corner.

    Raises:
        InputError: the deck's simulation failed, or it gave no result.
    """
    problem = replace(problem, corners=problem.corners[:1])
    results: dict[str, dict[str, Any]] = {}
    messages: list[str] = []
    with open_evaluator(problem, workers=1) as evaluator:
        evaluator.prepare()
        instance = evaluator.workbench.instance(problem.space.initial)
        decks = [deck for deck in evaluator.workbench.decks if deck.program is not None]
        replies = evaluator.executor.run([Task(deck, instance, timeout=problem.budget.timeout) for deck in decks])
        for deck, reply in zip(decks, replies, strict=True):
            if not sound(reply) or "failure" in reply:
                found = reply.get("failure", {"kind": "crash", "words": ""})
                raise InputError(
                    Finding(f"the deck cannot be simulated: {Failure(found['kind'], found['words'])}", problem.path)
                )
            results[deck.testbench] = {name: tuple(row) for name, row in reply.get("results", {}).items()}
            messages += reply.get("messages", [])
    if not any(results.values()):
        raise InputError(
            Finding(
                f"the deck gives no result: {'; '.join(messages[:3]) or 'nothing is measured or printed'}",
                problem.path,
                fix="add a .meas line, or print a number in the .control block",
            )
        )
    return OwnResults(results, messages)
