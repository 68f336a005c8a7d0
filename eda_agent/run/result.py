"""The result of a run that has just ended, from its turns: `record.result` without reading the journal again."""

from __future__ import annotations

from typing import Any

from eda_agent.agent.history import History
from eda_agent.insight.saturation import saturated_devices
from eda_agent.record.events import turn_data
from eda_agent.record.labels import parameter_table, spec_table
from eda_agent.record.result import RunFacts, run_result
from eda_agent.run.request import Outcome

MOST_JUDGED = 5_000
"""Turns up to which findings are looked for: they read every turn."""


def outcome_result(outcome: Outcome) -> dict[str, Any]:
    """A run as JSON data (`record.result_schema`)."""
    problem, turns = outcome.problem, outcome.turns
    history = History(problem, turns)
    curve: list[float] = []
    first: list[int] = []
    best = None
    for place, key in enumerate(history.rank_keys):
        counts = key is not None and history.complete(place)
        curve.append(max(key[0] if key and counts else 0.0, curve[-1] if curve else 0.0))
        if key is not None and counts and (best is None or key > best):
            best = key
            first.append(place)
    judged = [] if outcome.met or len(turns) > MOST_JUDGED else [turn_data(turn) for turn in turns]
    failed = [place for place, key in enumerate(history.rank_keys) if key is None]
    begun = {
        "problem": problem.name,
        "policy": outcome.policy,
        "seed": outcome.seed,
        "specs": spec_table(problem),
        "parameters": parameter_table(problem),
        "corners": [corner.name for corner in problem.corners],
        "saturated": saturated_devices(problem),
    }
    facts = RunFacts(
        folder=str(outcome.folder),
        begun=begun,
        rows=[turn_data(turns[place]) for place in sorted({0, *first})],
        judged=judged,
        turn=turn_data(outcome.best),
        best=outcome.best.index,
        stop=outcome.stop,
        met=outcome.met,
        simulations=history.simulations,
        turns=len(turns) - 1,
        budget=outcome.budget,
        curve=curve,
        seconds=outcome.seconds,
        simulator_seconds=sum(turn.evaluation.seconds for turn in turns if turn.evaluation is not None),
        verified=outcome.verified,
        unsound=() if outcome.forced else outcome.unsound,
        testbenches=[*outcome.remarks, *outcome.unsound],
        policy=outcome.policy,
        policies=outcome.policies,
        unusable=len(failed),
        last_error=turns[failed[-1]].proposal.error if failed else "",
    )
    return run_result(facts)
