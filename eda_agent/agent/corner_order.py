"""The corner order is the order in which a proposal's corners are simulated when corners that cannot matter are
skipped: the first corner, then those that decided the latest turns, then all others.

The score counts the worst corner, so the score in some corners is an upper bound. After each step, a proposal whose
bound is below the incumbent's score is simulated no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eda_agent.agent.history import History
from eda_agent.agent.score import score
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Evaluation

DECIDING = 2
"""Number of corners in the second step: more of them find the worst one more often, but cost more."""
LATEST = 5
"""Number of latest completely simulated turns that decide."""


def steps(history: History) -> list[list[str]]:
    """The names of the corners of each step."""
    first, *others = [corner.name for corner in history.problem.corners]
    chosen = deciding(history)
    rest = [name for name in others if name not in chosen]
    return [step for step in ([first], chosen, rest) if step]


def deciding(history: History) -> list[str]:
    """At most `DECIDING` corners after the first that together lower the scores of the latest complete turns most;
    fewer if no other lowers them.
    """
    problem = history.problem
    first, *others = [corner.name for corner in problem.corners]
    known = [
        turn.evaluation
        for turn in reversed(history.turns)
        if turn.evaluation is not None and not turn.evaluation.failures and turn.corners == len(problem.corners)
    ][:LATEST]
    chosen: list[str] = []
    least = _total(problem, known, [first])
    while known and len(chosen) < DECIDING:
        totals = {name: _total(problem, known, [first, *chosen, name]) for name in others if name not in chosen}
        best = min(totals, key=totals.__getitem__, default=first)
        if totals.get(best, least) >= least:
            break
        chosen.append(best)
        least = totals[best]
    return chosen


def _total(problem: Problem, evaluations: Sequence[Evaluation], names: Sequence[str]) -> float:
    """The sum of the scores in some corners alone."""
    return sum(
        score(problem.specs, replace(one, values={name: one.values[name] for name in names})).value
        for one in evaluations
    )


def in_order(problem: Problem, evaluation: Evaluation) -> Evaluation:
    """The evaluation with its corners in the order of the problem."""
    names = [corner.name for corner in problem.corners if corner.name in evaluation.values]
    return replace(evaluation, values={name: evaluation.values[name] for name in names})
