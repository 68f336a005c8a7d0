"""The design memory gives a run the best designs of earlier runs on the same circuit, and keeps its own for later
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from eda_agent.agent.score import score
from eda_agent.agent.turn import Turn
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.memory import MAX_DESIGNS, Memory, StoredDesign, circuit_key

SEEDS = 5
"""Number of designs of earlier runs with which a run starts."""


def seeds_of(problem: Problem, memory: Memory) -> list[dict[str, float]]:
    """The best designs of earlier runs on the circuit that lie inside the ranges, scored with the present targets, best
    first.
    """
    graded = []
    for design in memory.designs(circuit_key(problem)):
        if set(design.sizing) != set(problem.space.names) or problem.space.snap(design.sizing) != dict(design.sizing):
            continue
        if any(set(row) != set(problem.spec_names) for row in design.values.values()):
            continue
        value = score(problem.specs, Evaluation(design.values, {}, (), {}, 0, 0, 0.0, design.bounds))
        graded.append((value.rank_key, dict(design.sizing)))
    graded.sort(key=lambda entry: entry[0], reverse=True)
    return [sizing for _, sizing in graded if sizing != problem.space.initial][:SEEDS]


def remember(turns: Sequence[Turn], problem: Problem, memory: Memory) -> None:
    """Store the latest designs that were simulated in every corner, up to the memory's limit per circuit."""
    whole = (
        StoredDesign(turn.sizing, turn.evaluation.values, turn.evaluation.bounds)
        for turn in reversed(turns)
        if turn.sizing is not None and turn.evaluation is not None and not turn.evaluation.failures
        and len(turn.evaluation.values) == len(problem.corners)
    )  # fmt: skip
    memory.add(circuit_key(problem), list(islice(whole, MAX_DESIGNS))[::-1])
