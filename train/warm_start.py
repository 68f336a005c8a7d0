"""A warm start imitates: it learns histories answered by a design that is known to meet the target.

It has two sources. From a pool: other designs under the same condition as the history, and as the answer a design that
meets the target, often with that design's own metrics and a small margin as the target (hindsight, arXiv 1707.01495).
From the turns of any policy: every turn that became the incumbent, unchanged or with the target moved to its metrics.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.history import History
from eda_agent.agent.language import words
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.score import Score
from eda_agent.agent.turn import Turn, rescore
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem, Spec
from eda_agent.record.journal import read_journal
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.run import original_spec
from eda_agent.train.codec import CompactCodec, expected
from eda_agent.train.designs import slack
from eda_agent.train.recipe import WarmStartRecipe
from eda_agent.train.samples import Sample
from eda_agent.train.tasks import Task, check_structure

NEAR = 24
"""Number of a pool's designs that count as neighbours."""


def answered(language: CompactLanguage, history: History, levels: NDArray[np.int64], after: Score | None) -> Sample:
    """A history with the answer to imitate: levels, and the matching intent (None: every spec met)."""
    answer = language.answer(history, levels, after)
    speaker = CompactCodec(language)
    return speaker.sample(speaker.prompt(history), Answer(answer, np.zeros(len(answer), dtype=np.float32)))


def judged(language: CompactLanguage, history: History, turn: Turn) -> tuple[Sample, ...]:
    """A history with the questions about the results of a known design."""
    assert turn.sizing is not None
    answer = language.answer(history, language.slots.levels_of(turn.sizing), turn.score)
    return expected(language.prompt(history), answer, language.outcomes(turn))


def from_pool(
    language: CompactLanguage, task: Task, turns: int, rules: WarmStartRecipe, draw: random.Random
) -> list[Sample]:
    """Histories of one, two, … designs under the task's condition, each answered by the design that meets the target.

    Half of the designs are neighbours of the answer, so that small steps from a good design are learnt as well as large
    ones from a bad one. They are mostly in the order of their scores, as in a run. `rules.climb` of the histories are
    answered by a better neighbour of their incumbent instead; after each, `rules.outcomes` designs are predicted.
    """
    pool, condition = task.source.pool, task.condition
    near = [design for design in pool.near(condition, task.target.known, NEAR) if design > 1]
    others = [
        draw.choice(near) if draw.random() < 0.5 else draw.randrange(2, pool.sizes.shape[1]) for _ in range(turns - 1)
    ]
    others = list(dict.fromkeys(others))
    baseline = pool.turn(task.problem, condition, 1, 0)
    found = [pool.turn(task.problem, condition, design, 0) for design in others]
    found = [turn for turn in found if not turn.met]
    if draw.random() < 0.7:
        found.sort(key=lambda turn: turn.value + draw.gauss(0.0, 0.05))
    history = History(task.problem)
    rows = []
    for index, turn in enumerate([baseline, *found]):
        history = replace(history, turns=(*history.turns, replace(turn, index=index)))
        label, after = task.target.known, None
        if draw.random() < rules.climb and (better := better_neighbour(task, history, draw)) is not None:
            label, after = better.sizing or label, better.score
        levels = _jittered(language, language.slots.levels_of(label), rules.jitter, draw)
        rows.append(answered(language, history, levels, after))
        best = history.incumbent
        for _ in range(rules.outcomes):
            around = (
                pool.near(condition, best.sizing, NEAR)
                if best is not None and best.sizing and draw.random() < 0.5
                else near
            )
            design = draw.choice(around) if around and draw.random() < 0.8 else draw.randrange(2, pool.sizes.shape[1])
            rows += judged(language, history, pool.turn(task.problem, condition, design, 0))
    return rows


def better_neighbour(task: Task, history: History, draw: random.Random) -> Turn | None:
    """A design of the pool near the incumbent with a better score; None if there is none."""
    pool, condition, best = task.source.pool, task.condition, history.incumbent
    if best is None or best.sizing is None:
        return None
    near = pool.near(condition, best.sizing, NEAR)
    turns = [pool.turn(task.problem, condition, design, 0) for design in near]
    better = sorted((turn for turn in turns if turn.value > best.value), key=lambda turn: turn.value)[-3:]
    return draw.choice(better) if better else None


def from_turns(language: CompactLanguage, history: History) -> list[Sample]:
    """Every turn of a history that became its incumbent, as the answer to the turns before it."""
    result = []
    for number in range(1, len(history.turns)):
        turn, before = history.turns[number], replace(history, turns=history.turns[:number])
        best = before.incumbent
        if (
            turn.sizing is not None
            and turn.score is not None
            and (best is None or best.score is None or turn.score.rank_key > best.score.rank_key)
        ):
            result.append(answered(language, before, language.slots.levels_of(turn.sizing), turn.score))
    return result


def read_run(folder: Path) -> History:
    """The turns of a run of any policy. Raises `InputError` for a folder that holds none, or one of a held-out
    circuit.
    """
    state = restore_state(read_journal(folder / "journal.jsonl"))
    problem = load_problem(original_spec(folder))
    check_structure(str(folder), problem)
    return History(problem, tuple(restore_turns(state.turns, problem)))


def from_runs(
    histories: Sequence[History], count: int, seed: str, options: Mapping[str, bool | int]
) -> list[list[Sample]]:
    """Rows of `count` histories drawn from those given, each unchanged or with the metrics of one of its turns as
    target.
    """
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        history = draw.choice(histories)
        if draw.random() < 0.5:
            history = hindsight(history, draw.randrange(1, len(history.turns)), draw) or history
        language = shuffled_language(CircuitWords(history.problem), history.problem, draw, options)
        shown = replace(history, turns=history.turns[: int(options["window"])])
        rows.append(from_turns(language, shown))
    return [row for row in rows if row]


def hindsight(history: History, index: int, draw: random.Random) -> History | None:
    """The history with the metrics of turn `index`, with a small margin, as target, so that this turn meets it; None if
    this is impossible.

    Targets are those of the turn's worst corners; every turn is scored again.
    """
    turn = history.turns[index]
    if turn.score is None or turn.evaluation is None or turn.evaluation.failures:
        return None
    values = {result.spec: result.value for result in turn.score.results}
    specs = []
    for spec in history.problem.specs:
        value = values[spec.name]
        moved = _moved(spec, value, draw) if value is not None else None
        if moved is None:
            return None
        specs.append(moved)
    problem = replace(history.problem, specs=tuple(specs))
    return replace(history, problem=problem, turns=tuple(rescore(problem, turn) for turn in history.turns))


def _moved(spec: Spec, value: float, draw: random.Random) -> Spec | None:
    bound = slack(spec, value, draw)
    if spec.metric.ramp == "log" and bound <= 0:
        return None
    if spec.minimum is not None and spec.maximum is not None:
        return replace(spec, minimum=min(spec.minimum, bound), maximum=max(spec.maximum, value), worst=None)
    return replace(
        spec,
        minimum=bound if spec.minimum is not None else None,
        maximum=bound if spec.maximum is not None else None,
        worst=None,
    )


def _jittered(
    language: CompactLanguage, levels: NDArray[np.int64], jitter: int, draw: random.Random
) -> NDArray[np.int64]:
    if not jitter:
        return levels
    moved = []
    for level, legal in zip(levels, language.slots.legal, strict=True):
        near = [
            other
            for other in range(int(level) - jitter, int(level) + jitter + 1)
            if 0 <= other < words.LEVELS and legal[other]
        ]
        # the label itself counts double
        moved.append(draw.choice([*near, int(level)]))
    return np.array(moved, dtype=np.int64)


def shuffled_language(
    circuit: CircuitWords, problem: Problem, draw: random.Random, options: Mapping[str, bool | int]
) -> CompactLanguage:
    """The language with parameters and specs in a random order, so that positions have no meaning."""
    order, spec_order = list(range(len(problem.space.parameters))), list(range(len(problem.specs)))
    draw.shuffle(order)
    draw.shuffle(spec_order)
    return CompactLanguage(
        problem,
        circuit,
        order=order,
        spec_order=spec_order,
        points=bool(options["points"]),
        window=int(options["window"]),
    )


def batch(
    tasks: Sequence[Task], rules: WarmStartRecipe, seed: str, options: Mapping[str, bool | int]
) -> list[list[Sample]]:
    """Rows for a supervised step, one per task."""
    draw = random.Random(seed)
    return [
        from_pool(
            shuffled_language(task.source.words, task.problem, draw, options),
            task,
            draw.randint(1, rules.turns),
            rules,
            draw,
        )
        for task in tasks
    ]
