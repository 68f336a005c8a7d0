"""The compact language: what it says, that it says it the same way as a history grows, and that sizes survive it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.agent.history import History
from eda_agent.agent.language import words
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.levels import levels_of
from eda_agent.agent.language.prompt import INTENT, NOBODY
from eda_agent.errors import InputError
from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from tests.conftest import NAMES
from tests.train.histories import played


@pytest.mark.parametrize("name", NAMES)
def test_a_history_is_a_prefix_of_what_continues_it(problems: dict[str, Problem], name: str) -> None:
    history = played(problems[name], 9)
    language = CompactLanguage(problems[name])
    whole = language.prompt(history).tokens
    for count in range(len(history.turns)):
        part = language.prompt(History(history.problem, history.turns[:count])).tokens
        assert (whole[: len(part)] == part).all()
    assert whole.min() >= 0 and whole.max() < words.VOCABULARY


@pytest.mark.parametrize("name", NAMES)
def test_what_was_chosen_is_what_the_history_says(problems: dict[str, Problem], name: str) -> None:
    """The sizes of an answer are read as those of the turn it became, but for the intent that only the answer has."""
    history = played(problems[name], 5)
    language = CompactLanguage(problems[name])
    for count in range(1, len(history.turns)):
        prompt = language.prompt(History(history.problem, history.turns[:count]))
        after = language.prompt(History(history.problem, history.turns[: count + 1])).tokens
        sizing = history.turns[count].sizing
        assert sizing is not None
        answer = language.answer(
            prompt_history := History(history.problem, history.turns[:count]),
            language.slots.levels_of(sizing),
            history.turns[count].score,
        )
        inputs = prompt.inputs(answer)[INTENT:]
        told = after[len(prompt.tokens) :][: len(inputs)]
        columns = [place for place, name in enumerate(words.COLUMNS) if name not in {"aim", "named"}]
        assert (told[1:, columns] == inputs[1:, columns]).all()
        assert (inputs[:, words.COLUMNS.index("aim")] == prompt.metrics[answer[0]]).all()
        named = inputs[:, words.COLUMNS.index("named")] > 0
        assert set(np.flatnonzero(named)) == {slot for slot in answer[1:INTENT] if slot != NOBODY}
        # what moves most is named, and what was answered is legal
        moved = np.abs(language.slots.levels_of(sizing) - prompt.best[INTENT:])
        assert not named.any() or moved[named].min() >= moved[~named].max()
        assert prompt.legal[np.arange(len(answer)), answer].all()
        assert language.sizing(answer.tolist(), prompt_history).keys() == sizing.keys()


@pytest.mark.parametrize("intent", [0, INTENT])
def test_all_questions_at_once_are_those_one_by_one(problems: dict[str, Problem], intent: int) -> None:
    problem = problems["two_stage_miller"]
    language = CompactLanguage(problem)
    history = played(problem, 4)
    prompt = language.prompt(history)
    answers = np.stack(
        [
            language.answer(history, language.slots.levels_of(turn.sizing), turn.score)
            for turn in history.turns
            if turn.sizing
        ]
    )
    if not intent:
        prompt = dataclasses.replace(prompt, asks=prompt.asks[INTENT:], best=prompt.best[INTENT:], intent=0)
        answers = answers[:, INTENT:]
    assert (
        prompt.inputs(answers) == np.stack([prompt.row(step, answers) for step in range(len(prompt.asks))], axis=-2)
    ).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_levels_round_trip_on_every_grid(problems: dict[str, Problem], data: st.DataObject) -> None:
    problem = problems[data.draw(st.sampled_from(NAMES))]
    parameter = data.draw(st.sampled_from(problem.space.parameters))
    levels = levels_of(parameter)
    legal = np.flatnonzero(levels.legal)
    assert len(legal) >= 2 and len(set(levels.values[legal])) == len(legal)
    level = int(data.draw(st.sampled_from(list(legal))))
    value = float(levels.values[level])
    assert value == parameter.snap(value) and levels.of(value) == level
    # what is kept keeps its exact value
    kept = parameter.from_unit(data.draw(st.floats(0, 1)))
    assert levels.value(levels.of(kept), kept) == kept


def test_grids_with_few_steps_have_them_all(problems: dict[str, Problem]) -> None:
    ratio = next(parameter for parameter in problems["two_stage_miller"].space.parameters if parameter.name == "m5")
    levels = levels_of(ratio)
    assert set(levels.values[levels.legal]) == set(range(1, 21))


def test_a_locked_parameter_has_one_level(problems: dict[str, Problem]) -> None:
    parameter = dataclasses.replace(problems["ota_5t"].space.parameters[0], locked=True)
    levels = levels_of(parameter)
    assert levels.legal.sum() == 1 and levels.value(int(levels.legal.argmax()), parameter.initial) == parameter.initial


def test_names_do_not_matter(problems: dict[str, Problem]) -> None:
    """Nothing in the tokens comes from what parameters, specs or the circuit are called."""
    problem = problems["folded_cascode"]
    renamed = dataclasses.replace(
        problem,
        name="x",
        space=dataclasses.replace(
            problem.space,
            parameters=tuple(
                dataclasses.replace(one, name=f"p{n}", role="") for n, one in enumerate(problem.space.parameters)
            ),
        ),
        specs=tuple(dataclasses.replace(one, name=f"s{n}") for n, one in enumerate(problem.specs)),
    )
    assert (CompactLanguage(problem).slots.header == CompactLanguage(renamed).slots.header).all()


def test_order_moves_slots_and_nothing_else(problems: dict[str, Problem]) -> None:
    problem = problems["ota_5t"]
    count = len(problem.space.parameters)
    backwards = CompactLanguage(problem, order=list(reversed(range(count))))
    one, other = CompactLanguage(problem).slots.header, backwards.slots.header
    slot = words.COLUMNS.index("slot")
    rows, mirrored = one[1 : count + 1].copy(), other[1 : count + 1][::-1].copy()
    rows[:, slot] = mirrored[:, slot] = 0
    assert (rows == mirrored).all()


def test_a_long_history_keeps_the_best_and_the_last(problems: dict[str, Problem]) -> None:
    problem = problems["ota_5t"]
    history = played(problem, 30)
    language = CompactLanguage(problem, window=10)
    short, long = language.prompt(History(problem, history.turns[:9])).tokens, language.prompt(history).tokens
    turn = len(problem.space.parameters) + len(problem.specs) + 1
    shown = (len(long) - len(language.slots.header)) / turn
    assert shown <= 8 and len(long) <= len(short)
    assert history.incumbent is not None
    said = long[:, words.COLUMNS.index("more")]
    # told in their places, from 0: five of the best and three of the latest
    places = {int(word) - words.TURN for word in said if words.TURN <= word < words.TURN + words.TURNS}
    assert places == set(range(len(places))) and 5 <= len(places) <= 8
    best = language.slots.levels_of(history.incumbent.sizing or {})
    given = long[:, words.COLUMNS.index("given")] - words.GIVEN
    assert any((given[start + 1 : start + 1 + len(best)] == best).all() for start in range(len(long) - len(best)))


def test_failures_and_unmeasurable_values_have_words_of_their_own(problems: dict[str, Problem]) -> None:
    history = played(problems["ota_5t"], 60)
    failed = [turn for turn in history.turns if turn.evaluation and turn.evaluation.failures]
    assert failed
    language = CompactLanguage(problems["ota_5t"], window=100)
    how = language.turn(failed[0], None, None, 1)[:, words.COLUMNS.index("how")]
    assert words.MARGIN + len(words.MARGINS) + 1 in how and words.SCORE + len(words.SCORES) + 1 in how


def test_two_infinite_margins_have_the_word_of_no_change(problems: dict[str, Problem]) -> None:
    turn = played(problems["ota_5t"], 1).turns[0]
    assert turn.score is not None
    results = [dataclasses.replace(result, margin=float("inf")) for result in turn.score.results]
    endless = dataclasses.replace(turn, score=dataclasses.replace(turn.score, results=results))
    language = CompactLanguage(problems["ota_5t"])
    last = words.COLUMNS.index("last")
    unchanged = language.turn(turn, turn, turn, 1)[:, last]
    assert (language.turn(endless, endless, endless, 1)[:, last] == unchanged).all()


def test_every_word_is_a_metric() -> None:
    # a metric that no model was taught has none: it is 0, as one of the user's own
    assert set(words.METRIC_IDS) <= set(METRICS) and max(words.METRIC_IDS.values()) < 64


def test_too_many_parameters_are_refused(problems: dict[str, Problem]) -> None:
    problem = problems["ota_5t"]
    space = dataclasses.replace(problem.space, parameters=problem.space.parameters * 6)
    with pytest.raises(InputError, match="supports 40 parameters"):
        CompactLanguage(dataclasses.replace(problem, space=space))


def test_effects_follow_the_netlist(problems: dict[str, Problem]) -> None:
    found = effects(problems["two_stage_miller"])
    assert found["W12"].roles == ("input pair",) and found["W12"].quantity == "width"
    assert found["m5"].quantity == "multiplier" and found["m5"].roles == ("tail source",)
    assert found["Cc"].quantity == "capacitance" and found["Rz"].quantity == "resistance"
    assert len(found["Wb"].devices) == 3 and found["Wb"].type == "nmos"
    assert effects(problems["class_ab_output"])["Lm"].type == "both"
