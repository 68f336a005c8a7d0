"""Turns come back from a shelf as they were, a history of shelved turns knows what one of plain turns does, and a run
goes the same way on both.
"""

from __future__ import annotations

import errno
import math
import os
import pickle
from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent import history as module
from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History, compact_turns
from eda_agent.agent.loop import run_loop
from eda_agent.agent.policies import training_data as learnt
from eda_agent.agent.policies.registry import make_policy
from eda_agent.agent.policies.training_data import training_data
from eda_agent.agent.score import Score, SpecResult
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.agent.turn_store import StoredTurns, TurnStore, decode_turn, encode_turn, rank_key_of
from eda_agent.problem.spec import Budget, Problem
from eda_agent.run import open_evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint
from tests.evidence import cases

NUMBERS = st.floats(allow_nan=False)
WORDS = st.text(max_size=8)
ROWS = st.dictionaries(WORDS, st.none() | NUMBERS, max_size=5)
SIZINGS = st.none() | st.dictionaries(WORDS, NUMBERS, max_size=5)
PROPOSALS = st.builds(
    Proposal, SIZINGS, WORDS, st.just(""), WORDS, st.lists(WORDS, max_size=2).map(tuple), WORDS, WORDS
)
EVALUATIONS = st.builds(
    Evaluation,
    st.dictionaries(WORDS, ROWS, max_size=3),
    st.dictionaries(st.tuples(WORDS, WORDS), WORDS, max_size=2),
    st.lists(st.tuples(WORDS, WORDS, st.builds(Failure, WORDS, WORDS)), max_size=2).map(tuple),
    st.dictionaries(WORDS, st.builds(OperatingPoint, *[NUMBERS] * len(FIELDS)), max_size=3),
    st.integers(0, 99),
    st.integers(0, 99),
    NUMBERS,
    st.dictionaries(st.tuples(WORDS, WORDS), st.sampled_from(["", ">", "<"]), max_size=2),
)
RESULTS = st.builds(
    SpecResult, WORDS, WORDS, st.none() | NUMBERS, NUMBERS, NUMBERS, WORDS, st.sampled_from(["", ">", "<"])
)
SCORES = st.builds(Score, NUMBERS, NUMBERS, st.lists(RESULTS, max_size=4).map(tuple))
MEASURED = st.builds(Turn, st.integers(0, 10**6), PROPOSALS, SIZINGS, EVALUATIONS, SCORES)
TURNS = MEASURED | st.builds(Turn, st.integers(0, 10**6), PROPOSALS, SIZINGS, st.none(), st.none())


@given(TURNS)
def test_a_turn_comes_back_as_it_was(turn: Turn) -> None:
    found = decode_turn(encode_turn(turn))
    assert found == turn
    for corner, row in turn.evaluation.values.items() if turn.evaluation else ():
        assert found.evaluation is not None and list(found.evaluation.values[corner]) == list(row)


def test_what_is_no_number_stays_none() -> None:
    point = OperatingPoint(*[math.nan] * len(FIELDS))
    found = decode_turn(
        encode_turn(
            Turn(1, Proposal(None), {"W": 1.0}, Evaluation({}, {}, (), {"M1": point}, 1, 0, 0.0), Score(0.0, 0.0, ()))
        )
    )
    assert found.evaluation is not None and math.isnan(found.evaluation.operating_points["M1"].gm)


TASK = SimpleNamespace(corners=("a", "b"))
"""All that a history asks of its task."""


def some(values: Iterable[float | None]) -> list[Turn]:
    """Turns of these scores; every third sizing is one that was there before."""
    found = []
    for index, value in enumerate(values):
        score = None if value is None else Score(value, 0.5, ())
        evaluation = (
            None
            if value is None
            else Evaluation({name: {} for name in "ab"[: 1 + (index % 4 > 0)]}, {}, (), {}, 1, 0, 0.0)
        )
        sizing = None if value is None else {"W": float(index % 3 and index)}
        found.append(Turn(index, Proposal(sizing, policy="ab"[index % 2]), sizing, evaluation, score))
    return found


@given(st.lists(st.none() | st.floats(0.0, 1.0), max_size=12), st.integers(1, 4), st.integers(0, 12))
def test_a_history_on_a_shelf_knows_what_one_in_memory_does(
    values: list[float | None], recent: int, parted: int
) -> None:
    turns = some(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RECENT", recent)
        history = History(TASK)  # type: ignore[arg-type]  # likewise
        for turn in turns:
            history = history.with_turn(turn)
        # another one that goes on from an earlier turn leaves this as it is
        other = History(TASK, compact_turns(turns[:parted]))  # type: ignore[arg-type]  # likewise
        first = other
        for turn in some([0.25, 0.75] * 3):
            other = other.with_turn(turn)
        for turn in turns[parted:]:
            first = first.with_turn(turn)
    plain = History(TASK, tuple(turns))  # type: ignore[arg-type]  # likewise
    for found in (history, first):
        assert isinstance(found.turns, StoredTurns) == (len(turns) > recent)
        assert len(found.turns) == len(turns) and list(found.turns) == turns and list(found.turns[1:-1]) == turns[1:-1]
        assert list(found.rank_keys) == list(plain.rank_keys) and list(found.proposers) == list(plain.proposers)
        assert list(found.measured) == list(plain.measured) and found.simulations == plain.simulations
        assert found.incumbent == plain.incumbent == History(TASK, found.turns).incumbent  # type: ignore[arg-type]  # likewise
        assert found._marks == plain._marks
        # other turns of the same history, and a copy, know their own best
        cut, alone = replace(found, turns=plain.turns[:parted]), History(TASK, plain.turns[:parted])  # type: ignore[arg-type]  # likewise
        assert (cut.incumbent, cut.simulations) == (alone.incumbent, alone.simulations)
    if not isinstance(history.turns, StoredTurns):
        again = pickle.loads(pickle.dumps(history))
        assert (again, again.incumbent, again.simulations) == (history, plain.incumbent, plain.simulations)
    assert list(other.turns) == [*turns[:parted], *some([0.25, 0.75] * 3)]


def test_on_a_full_disk_turns_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = some([0.1, None, 0.3, 0.4])
    shelf = TurnStore()
    shelf.put(turns[0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
        shelf.put(turns[1])
        shelf.put(turns[2])
    shelf.put(turns[3])
    assert [shelf[place] for place in range(4)] == turns and list(shelf.rank_keys(4)) == [
        rank_key_of(turn) for turn in turns
    ]


@pytest.mark.parametrize("policy", cases(["embedded", "auto", "trust", "tpe"], "trust"))
def test_a_run_on_a_shelf_goes_as_one_in_memory(miller: Problem, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    with open_evaluator(miller) as evaluator:
        for recent in (300, 3):
            monkeypatch.setattr(module, "RECENT", recent)
            env = Environment(miller, evaluator)
            run_loop(
                env, make_policy(policy, 1, {}), Budget(16, 30.0, None, "budget"), lambda *_, **__: None, Control()
            )
            runs.append(env.history.turns)
    plain, shelved = runs
    assert isinstance(plain, tuple) and isinstance(shelved, StoredTurns)
    for one, other in zip(plain, shelved, strict=True):
        assert one.evaluation is not None and other.evaluation is not None
        assert replace(one.proposal, reply="") == replace(other.proposal, reply="")
        assert (one.sizing, one.score, one.evaluation.values) == (other.sizing, other.score, other.evaluation.values)
        assert one.evaluation.operating_points == other.evaluation.operating_points


def test_models_are_fitted_to_the_best_and_the_last_turns(miller: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_evaluator(miller) as evaluator:
        env = Environment(miller, evaluator)
        run_loop(env, make_policy("random", 1, {}), Budget(20, 30.0, None, "budget"), lambda *_, **__: None, Control())
    every = training_data(env.history)[0]
    monkeypatch.setattr(learnt, "MAX_TURNS", 8)
    few = training_data(env.history)[0]
    turns = env.history.turns
    best = sorted(
        sorted(turns[:-4], key=lambda turn: turn.score.rank_key if turn.score else (0, 0), reverse=True)[:4],
        key=lambda turn: turn.index,
    )
    assert few.tolist() == [every[turn.index].tolist() for turn in (*best, *turns[-4:])]
