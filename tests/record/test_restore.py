"""What a journal cannot say in numbers comes back as what it was."""

from __future__ import annotations

import orjson
import pytest

from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.problem.spec import Problem
from eda_agent.record.events import envelope
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.simulation.evaluation import Evaluation


@pytest.mark.parametrize("gain", [0.0, -3.0, 1e-300, 1e6, None])
def test_margins_without_end_are_the_same_again(miller: Problem, gain: float | None) -> None:
    names = [spec.name for spec in miller.specs]
    values = {corner.name: dict.fromkeys(names, gain) for corner in miller.corners}
    evaluation = Evaluation(values, {}, (), {}, 1, 0, 0.0)
    turn = Turn(0, Proposal(miller.space.initial), miller.space.initial, evaluation, score(miller.specs, evaluation))
    event = orjson.loads(orjson.dumps(envelope(0, "baseline", {"turn": turn})))
    (found,) = restore_turns(restore_state([event]).turns, miller)
    assert found.score is not None and turn.score is not None
    assert [result.margin for result in found.score.results] == [result.margin for result in turn.score.results]


def test_a_censored_value_comes_back_and_a_journal_of_old_opens(miller: Problem) -> None:
    names = [spec.name for spec in miller.specs]
    corner, spec = miller.corners[0].name, miller.specs[0]
    values = {one.name: dict.fromkeys(names, 1.0) for one in miller.corners}
    evaluation = Evaluation(values, {(corner, spec.name): "not settled"}, (), {}, 1, 0, 0.0, {(corner, spec.name): "<"})
    turn = Turn(0, Proposal(miller.space.initial), miller.space.initial, evaluation, score(miller.specs, evaluation))
    event = orjson.loads(orjson.dumps(envelope(0, "baseline", {"turn": turn})))
    (found,) = restore_turns(restore_state([event]).turns, miller)
    assert found.evaluation == evaluation and found.score == turn.score
    # version 0.1.0 knew no bounds
    del event["evaluation"]["bounds"]
    for told in event["specs"].values():
        del told["bound"]
    (found,) = restore_turns(restore_state([event]).turns, miller)
    assert found.evaluation is not None and not found.evaluation.bounds
    assert found.score is not None and not any(result.bound for result in found.score.results)
