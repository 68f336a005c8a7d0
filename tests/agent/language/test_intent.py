"""Intents: what a move was for, in words that are held against what really moved; and what is expected of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent.language import outcome
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.intent import intended, role_of
from eda_agent.agent.language.prompt import INTENT, NOBODY
from eda_agent.agent.score import score
from eda_agent.agent.turn import History, Turn
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from tests.train.histories import made_up, played


def moved_by(problem: Problem, changes: dict[str, float]) -> tuple[CompactLanguage, History, np.ndarray, dict[str, float]]:
    """A language, a history of the baseline, and the answer that multiplies some sizes."""
    history = played(problem, 0)
    language = CompactLanguage(problem)
    sizing = problem.space.snap({name: value * changes.get(name, 1.0) for name, value in problem.space.initial.items()})
    evaluation = made_up(problem).evaluate([sizing])[0]
    return language, history, language.answer(history, language.levels_of(sizing), score(problem.specs, evaluation)), sizing


def test_the_intent_names_what_moves_most(miller: Problem) -> None:
    language, history, answer, sizing = moved_by(miller, {"Cc": 3.0, "W12": 1.8, "Rz": 1.2})
    names = miller.space.names
    assert [names[slot] for slot in answer[1:INTENT]] == ["Cc", "W12"]
    words, notes = language.reasoning(answer.tolist(), history, language.sizing(answer.tolist(), history))
    assert words.startswith(f"for {miller.specs[answer[0]].name}: ") and "Cc 500 fF → " in words and "W12 2 um → " in words
    assert words.endswith("and 1 other") and not notes
    assert sizing.keys() == language.sizing(answer.tolist(), history).keys()


def test_what_was_named_and_did_not_move_is_said(miller: Problem) -> None:
    language, history, answer, _ = moved_by(miller, {"Cc": 3.0})
    assert answer[2] == NOBODY
    answer[2] = miller.space.names.index("Rz")
    words, notes = language.reasoning(answer.tolist(), history, language.sizing(answer.tolist(), history))
    assert "Rz" not in words and notes == ("named Rz, which did not move",)
    nothing = language.answer(history, language.levels_of(miller.space.initial), None)
    assert list(nothing[1:INTENT]) == [NOBODY] * (INTENT - 1)
    assert "nothing moves" in language.reasoning(nothing.tolist(), history, miller.space.initial)[0]


def test_the_aim_is_the_spec_that_gains_most(miller: Problem) -> None:
    history = played(miller, 1)
    best, after = history.turns[0], history.turns[1].score
    assert best.score is not None and after is not None
    order = list(range(len(miller.specs)))
    moved = np.ones(len(miller.space.parameters), dtype=np.int64)
    gains = [then.satisfaction - now.satisfaction for then, now in zip(after.results, best.score.results, strict=True)]
    assert intended(miller, order, moved, best, after)[0] == int(np.argmax(gains))
    # where all will be met, it is the one that is worst now
    worst = min(order, key=lambda index: best.score.results[index].satisfaction)
    assert best.score.results[worst].satisfaction == best.score.results[int(intended(miller, order, moved, best, None)[0])].satisfaction
    # slots, not specs: reversed, the slot is mirrored
    assert intended(miller, order[::-1], moved, best, after)[0] == len(order) - 1 - int(np.argmax(gains))


def test_roles_are_said_as_designers_do(miller: Problem) -> None:
    found = effects(miller)
    assert role_of(found["Cc"]) == "compensation capacitor" and role_of(found["W12"]) == "input pair width"
    assert role_of(found["m5"], "tail current ratio") == "tail current ratio"


@given(st.floats(0, 1), st.floats(0, 0.999), st.booleans())
def test_outcomes_are_ordered_and_worth_what_they_say(value: float, before: float, met: bool) -> None:
    found = outcome.outcome(value, before, met=met, failed=False)
    assert 1 <= found < outcome.COUNT and (found == outcome.MET) == met
    probabilities = np.zeros(96)
    probabilities[found] = 1
    gain = float(outcome.expected_gain(probabilities, before))
    change = value - before
    if met:
        assert gain == pytest.approx(max(1 - before, 0.05))
    elif change <= 0:
        assert gain == 0
    elif 0.0005 < change < 0.3:
        assert min(change / 2, 1 - before) <= gain + 1e-12 and gain <= 2 * change


def test_a_failure_is_expected_to_gain_nothing(miller: Problem) -> None:
    assert outcome.outcome(0.9, 0.5, met=False, failed=True) == outcome.FAILED
    probabilities = np.zeros((2, 96))
    probabilities[0, outcome.FAILED], probabilities[1, outcome.MET] = 1, 1
    assert outcome.expected_gain(probabilities, 0.9).tolist() == pytest.approx([0.0, 0.1])
    history = played(miller, 1)
    turn: Turn = dataclasses.replace(history.turns[1], index=1)
    language = CompactLanguage(miller)
    before = History(miller, history.turns[:1])
    assert language.expectation(before, turn.value, met=turn.met, failed=False) == outcome.outcome(turn.value, before.turns[0].value, met=turn.met, failed=False)  # fmt: skip
