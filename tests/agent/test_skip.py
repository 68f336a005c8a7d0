"""Skipping corners changes what is simulated and never which design wins."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.agent.corner_order import deciding
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.prompt import render
from eda_agent.agent.score import satisfaction
from eda_agent.agent.turn import Proposal
from eda_agent.problem.load import load_problem
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Corner
from eda_agent.simulation.fake import FunctionSimulator
from eda_agent.units import format_score

from ..conftest import CIRCUITS

PROBLEM = replace(
    load_problem(CIRCUITS / "two_stage_miller"),
    corners=tuple(Corner(name, "tt", 1.8, 27.0, {}) for name in ("nominal", "a", "b", "c")),
)
TARGETS = {spec.name: (spec.target, spec.minimum is not None) for spec in PROBLEM.specs}


def function(sizing: Sizing, corner: str) -> dict[str, float | None]:
    """Every spec is its target times something of the sizing, and the corners cost it up to a third."""
    position = dict(zip(PROBLEM.space.names, PROBLEM.space.to_unit(sizing), strict=True))
    loss = {"nominal": 0.0, "a": 0.1, "b": 0.3 * position["W12"], "c": 0.2 * position["Cc"]}[corner]
    result: dict[str, float | None] = {}
    for number, (name, (target, minimum)) in enumerate(TARGETS.items()):
        size = position[PROBLEM.space.names[number]]
        result[name] = target * (0.6 + size - loss) if minimum else target / max(0.6 + size - loss, 0.05)
    return result


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=12, max_size=12), min_size=1, max_size=12))
def test_the_incumbent_is_the_same_with_and_without(points: list[list[float]]) -> None:
    found = []
    for skip in (False, True):
        simulator = FunctionSimulator(PROBLEM, function)
        env = Environment(PROBLEM, simulator, skip=skip)
        env.start()
        for point in points:
            env.step(Proposal(PROBLEM.space.from_unit(point)))
        best = env.history.incumbent
        assert best is not None
        assert best.evaluation is not None
        assert set(best.evaluation.values) == {corner.name for corner in PROBLEM.corners}
        found.append((best.index, best.value))
    assert found[0] == found[1]


def test_corners_that_cannot_matter_are_not_simulated() -> None:
    env = Environment(PROBLEM, FunctionSimulator(PROBLEM, function), skip=True)
    env.start()
    good = env.step(Proposal(PROBLEM.space.from_unit([0.9] * 12)))
    bad = env.step(Proposal(PROBLEM.space.from_unit([0.1] * 12)))
    assert good.evaluation is not None
    assert bad.evaluation is not None
    assert len(good.evaluation.values) == 4
    assert list(bad.evaluation.values) == ["nominal"]
    assert not bad.met


def test_a_turn_without_all_corners_ranks_last_and_is_marked_for_a_language_model() -> None:
    """Its score is a bound: it stands above the baseline's and may be worth less."""
    env = Environment(PROBLEM, FunctionSimulator(PROBLEM, function), skip=True)
    env.start()
    for share in (0.5, 0.3):
        env.step(Proposal(PROBLEM.space.from_unit([share] * 12)))
    start, good, partial = env.history.turns
    assert start.value < partial.value < good.value
    assert partial.corners == 1
    assert env.history.ranked(env.history.measured) == [1, 0, 2]
    shown = render(env.history, best=2, last=0)[1]["content"]
    assert "\n0|" in shown
    assert "\n2|" not in shown
    text = render(env.history)[1]["content"]
    assert f"\n2|≤{format_score(partial.value)}|" in text
    assert "≤ = at best: some corners were skipped" in text and "≤ = at best" not in shown
    # a run that grows turn by turn and one that is read again see the same best turn
    assert History(PROBLEM, env.history.turns).incumbent == env.history.incumbent == good


def played(points: list[list[float]]) -> History:
    """A history of completely simulated designs."""
    env = Environment(PROBLEM, FunctionSimulator(PROBLEM, function))
    env.start()
    for point in points:
        env.step(Proposal(PROBLEM.space.from_unit(point)))
    return env.history


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=12, max_size=12), min_size=1, max_size=7))
def test_the_corners_that_lower_the_latest_scores_most_go_first(points: list[list[float]]) -> None:
    history = played(points)
    latest = [turn for turn in history.turns if turn.evaluation is not None and not turn.evaluation.failures][-5:]

    def total(*names: str) -> float:
        """The sum of scores with the worst of these corners, from the results' own margins."""
        found = 0.0
        for turn in latest:
            assert turn.evaluation is not None
            rows = [turn.evaluation.values[name] for name in ("nominal", *names)]
            each = [min(satisfaction(spec, row[spec.name]) for row in rows) for spec in PROBLEM.specs]
            found += sum(spec.weight * one for spec, one in zip(PROBLEM.specs, each, strict=True))
        return found

    chosen = deciding(history)
    if chosen:
        assert total(chosen[0]) == pytest.approx(min(total(name) for name in "abc"))
    if len(chosen) == 2:
        assert total(*chosen) == pytest.approx(min(total(chosen[0], name) for name in "abc"))
    else:
        assert total(*chosen) == pytest.approx(total("a", "b", "c"))


def test_the_deciding_corner_spares_the_others() -> None:
    env = Environment(PROBLEM, FunctionSimulator(PROBLEM, function), skip=True)
    env.start()
    # a wide W12 costs corner b most, a large Cc corner c
    wide = dict(zip(PROBLEM.space.names, [0.5] * 12, strict=True)) | {"W12": 0.9, "Cc": 0.1}
    good = env.step(Proposal(PROBLEM.space.from_unit([wide[name] for name in PROBLEM.space.names])))
    assert good.corners == 4 and deciding(env.history)[0] == "b"
    # as good in the first corner, worse in b
    worse = wide | {"W12": 1.0}
    turn = env.step(Proposal(PROBLEM.space.from_unit([worse[name] for name in PROBLEM.space.names])))
    assert turn.evaluation is not None and "b" in turn.evaluation.values
    assert 1 < turn.corners < 4 and turn.value < good.value
    # corners stay in the order of the problem, whatever was simulated first
    assert list(turn.evaluation.values) == [
        corner.name for corner in PROBLEM.corners if corner.name in turn.evaluation.values
    ]
