"""Intents: what a move was for, in words that are held against what really moved; and what is expected of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent.history import History
from eda_agent.agent.language import words
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.expectation import FAILED, MET_BONUS, UNMEASURABLE, expected_gain
from eda_agent.agent.language.intent import intended, role_of
from eda_agent.agent.language.prompt import INTENT, NOBODY
from eda_agent.agent.score import score
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from tests.train.histories import made_up, played


def moved_by(
    problem: Problem, changes: dict[str, float]
) -> tuple[CompactLanguage, History, np.ndarray, dict[str, float]]:
    """A language, a history of the baseline, and the answer that multiplies some sizes."""
    history = played(problem, 0)
    language = CompactLanguage(problem)
    sizing = problem.space.snap({name: value * changes.get(name, 1.0) for name, value in problem.space.initial.items()})
    evaluation = made_up(problem).evaluate([sizing])[0]
    return (
        language,
        history,
        language.answer(history, language.slots.levels_of(sizing), score(problem.specs, evaluation)),
        sizing,
    )


def test_the_intent_names_what_moves_most(miller: Problem) -> None:
    language, history, answer, sizing = moved_by(miller, {"Cc": 3.0, "W12": 1.8, "Rz": 1.2})
    names = miller.space.names
    assert [names[slot] for slot in answer[1:INTENT]] == ["Cc", "W12"]
    words, notes = language.reasoning(answer.tolist(), history, language.sizing(answer.tolist(), history))
    assert (
        words.startswith(f"for {miller.specs[answer[0]].name}: ") and "Cc 500 fF → " in words and "W12 2 um → " in words
    )
    assert words.endswith("and 1 other") and not notes
    assert sizing.keys() == language.sizing(answer.tolist(), history).keys()


def test_what_was_named_and_did_not_move_is_said(miller: Problem) -> None:
    language, history, answer, _ = moved_by(miller, {"Cc": 3.0})
    assert answer[2] == NOBODY
    answer[2] = miller.space.names.index("Rz")
    words, notes = language.reasoning(answer.tolist(), history, language.sizing(answer.tolist(), history))
    assert "Rz" not in words and notes == ("named Rz, which did not change",)
    nothing = language.answer(history, language.slots.levels_of(miller.space.initial), None)
    assert list(nothing[1:INTENT]) == [NOBODY] * (INTENT - 1)
    assert "nothing changes" in language.reasoning(nothing.tolist(), history, miller.space.initial)[0]


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
    assert (
        best.score.results[worst].satisfaction
        == best.score.results[int(intended(miller, order, moved, best, None)[0])].satisfaction
    )
    # slots, not specs: reversed, the slot is mirrored
    assert intended(miller, order[::-1], moved, best, after)[0] == len(order) - 1 - int(np.argmax(gains))


def test_roles_are_said_as_designers_do(miller: Problem) -> None:
    found = effects(miller)
    assert role_of(found["Cc"]) == "compensation capacitor" and role_of(found["W12"]) == "input pair width"
    assert role_of(found["m5"], "tail current ratio") == "tail current ratio"


def certain(*bins: int) -> np.ndarray:
    probabilities = np.zeros((len(bins), words.LEVELS))
    probabilities[np.arange(len(bins)), list(bins)] = 1.0
    return probabilities


@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4), st.floats(0, 0.999))
def test_what_is_certain_gains_what_it_scores(miller: Problem, margins: list[float], best: float) -> None:
    specs = miller.specs[:4]
    gain = expected_gain(certain(*(words.binned(margin, words.MARGINS) for margin in margins)), specs, best, 0.0)
    weights = np.array([spec.weight for spec in specs])
    scored = float(np.clip(1 + np.array(margins), 0, 1) @ weights / weights.sum())
    if min(margins) >= 0:
        assert gain == pytest.approx(max(1 - best, MET_BONUS))
    else:
        # a bin is at most 0.3 wide
        assert gain == pytest.approx(max(scored - best, 0.0), abs=0.16)


def test_failures_gain_nothing_and_chances_add_up(miller: Problem) -> None:
    specs = miller.specs[:2]
    good, bad = words.binned(0.05, words.MARGINS), words.binned(-0.5, words.MARGINS)
    assert expected_gain(certain(FAILED, FAILED), specs, 0.5, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert expected_gain(certain(UNMEASURABLE, good), specs, 0.6, 0.0) == pytest.approx(0.0, abs=1e-9)
    whole, half = certain(good, good), (certain(good, good) + certain(FAILED, FAILED)) / 2
    assert expected_gain(half, specs, 0.8, 0.0) == pytest.approx(0.5 * expected_gain(whole, specs, 0.8, 0.0), rel=1e-6)
    mixed = (certain(good, good) + certain(good, bad)) / 2
    assert 0.3 < expected_gain(mixed, specs, 0.9, 0.0) / expected_gain(whole, specs, 0.9, 0.0) < 0.7
    # once everything is met, only the objectives' surplus counts
    objective = [spec for spec in miller.specs if spec.objective] + [
        spec for spec in miller.specs if not spec.objective
    ][:1]
    more = words.binned(0.2, words.MARGINS)
    assert expected_gain(certain(more, good), objective, 1.0, 0.0) > 0.05
    assert expected_gain(certain(good, more), objective, 1.0, 0.2) == 0.0


def test_outcomes_are_what_the_history_will_say(miller: Problem) -> None:
    history = played(miller, 3)
    language = CompactLanguage(miller, spec_order=list(reversed(range(len(miller.specs)))))
    for turn in history.turns:
        found = language.outcomes(turn)
        told = language.turn(turn, None, None, 0)
        said = told[len(miller.space.parameters) :][: len(miller.specs), words.COLUMNS.index("how")]
        assert (said == words.MARGIN + found).all()
    # every spec is asked for by itself, knowing the last size that was answered
    prompt = language.prompt(history)
    answer = language.answer(history, prompt.best[INTENT:], None)
    questions = prompt.expects(np.stack([answer, answer]))
    assert questions.shape == (2, len(miller.specs), len(words.COLUMNS)) and (questions[0] == questions[1]).all()
    assert (questions[0, :, words.COLUMNS.index("given")] == words.GIVEN + answer[-1]).all()
    assert len({tuple(row) for row in questions[0]}) == len(miller.specs)
