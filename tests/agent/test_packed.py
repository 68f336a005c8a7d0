"""Packed turns say what turns say, and a run that packs them goes as one that does not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent import env as module
from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import run_loop
from eda_agent.agent.packed import Points, Row, packed
from eda_agent.agent.policies import knowledge as learnt
from eda_agent.agent.policies.knowledge import knowledge
from eda_agent.agent.policies.registry import make_policy
from eda_agent.agent.score import Score
from eda_agent.agent.turn import History, Proposal, Turn
from eda_agent.problem.spec import Budget, Problem
from eda_agent.run import open_evaluator
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint

NUMBERS = st.floats(allow_nan=False)
NAMES = st.text(min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.none() | NUMBERS, max_size=20))
def test_a_row_is_its_dict(row: dict[str, float | None]) -> None:
    assert Row(row) == row and dict(Row(row)) == row
    assert list(Row(row)) == list(row)
    with pytest.raises(KeyError):
        Row(row)["a name too long"]


@given(st.dictionaries(NAMES, st.lists(st.none() | NUMBERS, min_size=len(FIELDS), max_size=len(FIELDS)), max_size=8))
def test_points_are_their_dict(numbers: dict[str, list[float | None]]) -> None:
    points = Points({name: dict(zip(FIELDS, row, strict=True)) for name, row in numbers.items()})
    assert list(points) == list(numbers)
    for name, row in numbers.items():
        found = points[name]
        assert isinstance(found, OperatingPoint)
        for field, value in zip(FIELDS, row, strict=True):
            assert math.isnan(getattr(found, field)) if value is None else getattr(found, field) == value


@pytest.mark.parametrize("policy", ["embedded", "auto", "trust", "tpe"])
def test_a_run_that_packs_its_turns_goes_as_one_that_does_not(miller: Problem, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    with open_evaluator(miller) as evaluator:
        for recent in (300, 3):
            monkeypatch.setattr(module, "RECENT", recent)
            env = Environment(miller, evaluator)
            run_loop(env, make_policy(policy, 1, {}), Budget(16, 30.0, None, "budget"), lambda *_, **__: None, Control())
            runs.append(env.history.turns)
    plain, small = runs
    assert isinstance(small[2].sizing, Row) and isinstance(plain[2].sizing, dict)
    for one, other in zip(plain, small, strict=True):
        assert one.evaluation is not None and other.evaluation is not None
        assert replace(one.proposal, reply="") == replace(other.proposal, reply="")
        assert (one.sizing, one.score, one.evaluation.values) == (other.sizing, other.score, other.evaluation.values)
        assert one.evaluation.operating_points == other.evaluation.operating_points
        assert packed(one).score == one.score


def test_what_a_history_knows_is_what_its_turns_say(miller: Problem) -> None:
    history = History(miller)
    for index, value in enumerate([0.2, 0.5, None, 0.5, 0.1, 0.9, 0.9, 0.3]):
        score = None if value is None else Score(value, 0.0, ())
        history = history.grown(Turn(index, Proposal(None), None, None, score), 300, packed)
        fresh = History(miller, history.turns)
        assert history.incumbent is fresh.incumbent and history.simulations == fresh.simulations


def test_models_are_fitted_to_the_best_and_the_last_turns(miller: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_evaluator(miller) as evaluator:
        env = Environment(miller, evaluator)
        run_loop(env, make_policy("random", 1, {}), Budget(20, 30.0, None, "budget"), lambda *_, **__: None, Control())
    every = knowledge(env.history)[0]
    monkeypatch.setattr(learnt, "MOST", 8)
    few = knowledge(env.history)[0]
    turns = env.history.turns
    best = sorted(
        sorted(turns[:-4], key=lambda turn: turn.score.order if turn.score else (0, 0), reverse=True)[:4], key=lambda turn: turn.index
    )
    assert few.tolist() == [every[turn.index].tolist() for turn in (*best, *turns[-4:])]
