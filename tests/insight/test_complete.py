"""Turns that were simulated in some corners only are marked and decide nothing: neither best, front, verdict nor what
moved.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.agent.commands import parse_command
from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.turn import Proposal, rescore
from eda_agent.cli.main import main
from eda_agent.insight.complete import complete_turns, partial, share_text
from eda_agent.insight.explain import what_moved
from eda_agent.insight.front import front
from eda_agent.insight.verdict import judge
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.record.report import html_report
from eda_agent.record.tables import csv_turns
from eda_agent.run import Request, size
from eda_agent.simulation.fake import FunctionSimulator
from eda_agent.tui.view import spec_rows, turn_row

from ..agent.test_skip import PROBLEM, function
from ..conftest import CIRCUITS
from .test_insight import PARAMETERS, SPECS, turn

CORNERS = [f"c{number}" for number in range(17)]


def in_corners(count: int, **numbers: Any) -> dict[str, Any]:
    return {**turn(**numbers), "evaluation": {"values": {name: {} for name in CORNERS[:count]}}}


def test_a_partial_turn_decides_no_front_no_verdict_and_nothing_that_moved() -> None:
    whole = [in_corners(17, index=number, gain=-0.5 + 0.01 * number, power=0.1) for number in range(10)]
    better = in_corners(3, index=10, gain=-0.01, power=0.3, width=2e-5)
    turns = [*whole, better, in_corners(17, index=11, gain=-0.3, power=0.1, width=3e-5)]
    assert share_text(better, 17) == "3 of 17 corners" and not share_text(whole[0], 17) and partial(better, 17)
    assert [row["index"] for row in complete_turns(turns, 17)] == [*range(10), 11]
    assert 10 not in [row["index"] for row in front(turns, "gain", "power", 17)]
    (found,) = [one for one in judge(turns, SPECS, PARAMETERS, 17) if one.kind == "not met yet"]
    said = "none of 10 turns, nor at the start (1 more simulated in fewer corners do not count)"
    assert "(turn 11)" in found.text and said in found.text
    moves = what_moved(turns, 11, PARAMETERS, 17)
    assert moves is not None and moves.against == 9
    part = what_moved(turns, 10, PARAMETERS, 17)
    assert part is not None and part.sizes and not part.results
    # a spec that is met in one corner of a turn is met by none
    shine = in_corners(1, index=12, gain=0.5, power=0.5)
    assert any(
        one.kind == "not met yet" and one.specs == ("gain",) for one in judge([*turns, shine], SPECS, PARAMETERS, 17)
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=12, max_size=12), min_size=1, max_size=8), st.floats(0.2, 1.0))
def test_whatever_the_targets_become_the_incumbent_is_the_best_complete_turn(
    points: list[list[float]], share: float
) -> None:
    """Easier targets once more than any turn met them in its first corner: the bound of a partial turn is no score."""
    from dataclasses import replace

    env = Environment(PROBLEM, FunctionSimulator(PROBLEM, function), skip=True)
    env.start()
    for point in points:
        env.step(Proposal(PROBLEM.space.from_unit(point)))
    easier = tuple(
        replace(
            spec,
            minimum=spec.minimum * share if spec.minimum else None,
            maximum=spec.maximum / share if spec.maximum else None,
        )
        for spec in PROBLEM.specs
    )
    env.ask(replace(PROBLEM, specs=easier))
    complete = [one for one in env.history.turns if one.corners == 4]
    best = env.history.incumbent
    assert best is not None and best.corners == 4
    assert best.score is not None
    assert best.score.rank_key == max(one.score.rank_key for one in complete if one.score is not None)
    assert not any(one.met for one in env.history.turns if one.corners < 4)
    # grown turn by turn it is the same
    grown = History(env.problem)
    for one in env.history.turns:
        grown = grown.with_turn(one)
    assert grown.incumbent == best
    assert all(rescore(env.problem, one) == one for one in env.history.turns)


@pytest.fixture(scope="module")
def signoff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven designs in 17 corners: most are left after the first; then easier targets, and one more design."""
    folder = tmp_path_factory.mktemp("signoff") / "run"
    control = Control()

    def listen(event: dict[str, Any]) -> None:
        if event["type"] == "turn.evaluated" and event["index"] == 6:
            for spec, side, value in (
                ("dc_gain", "minimum", 10),
                ("gbw", "minimum", "1k"),
                ("slew_rate_up", "minimum", 1e4),
                ("slew_rate_down", "minimum", 1e4),
            ):
                control.send(parse_command(json.dumps({"do": "target", "spec": spec, side: value})))

    size(Request(CIRCUITS / "ota_5t", "random", simulations=7, corners="signoff", out=folder), listen, control)
    return folder


def state_of(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl"))


def test_every_view_of_a_run_marks_its_partial_turns(signoff: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = state_of(signoff)
    parts = [one for one in state.turns if partial(one, state.corners)]
    assert parts and len(complete_turns(state.turns, state.corners)) > 1
    best = next(one for one in state.turns if one["index"] == state.best["index"])
    assert not partial(best, 17) and state.curve[-1] == best["score"]
    assert not any(one["met"] for one in parts)
    part = parts[-1]
    assert main(["show", str(signoff), "--turn", str(part["index"])]) == 0
    shown = capsys.readouterr().out
    assert "at most" in shown and "1 of 17 corners" in shown and "✓ pass" not in shown
    assert main(["show", str(signoff), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["corners"] == {"simulated": 17, "of": 17}
    row = turn_row(state.turns, state.turns.index(part), state.started["parameters"], state.turns[0], state.corners)
    assert row.score.startswith("≤ ") and row.moved.startswith("1 of 17 corners") and not row.best and not row.gain
    assert all(one.verdict != "pass" for one in spec_rows(state, part))
    rows = [line.split(",") for line in csv_turns(state).splitlines()]
    assert {line[rows[0].index("corners")] for line in rows[1:]} == {"1", "17"}
    page = html_report(state)
    assert not any(f"<tr><td>{one['index']}</td>" in page for one in parts)


def test_a_journal_in_which_a_partial_turn_won_shows_the_best_complete_one(signoff: Path, miller: Problem) -> None:
    events = list(read_journal(signoff / "journal.jsonl"))
    state = state_of(signoff)
    part = next(one for one in state.turns if partial(one, state.corners))
    told = {
        **next(event for event in reversed(events) if event["type"] == "best.updated"),
        "index": part["index"],
        "score": 1.0,
        "met": True,
    }
    old = fold([*events, told])
    assert old.best["index"] == state.best["index"] and old.best["score"] == state.best["score"]


def test_a_resumed_run_has_the_same_incumbent(signoff: Path) -> None:
    before = state_of(signoff)
    again = size(Request(CIRCUITS / "ota_5t", "random", simulations=8, corners="signoff", out=signoff, resume=True))
    assert again.best.corners == 17
    assert again.best.value >= before.best["score"]
