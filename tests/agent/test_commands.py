"""Orders: what the user may do to a running loop, each an event, each the same again in a resumed run."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent import history as module
from eda_agent.agent.commands import Command, command_from, parse_command
from eda_agent.agent.control import Control
from eda_agent.agent.edit import apply_edit, complete_sizing, resolve_command
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Loop
from eda_agent.agent.policies.random import RandomPolicy
from eda_agent.errors import InputError
from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Budget, Problem
from eda_agent.record.fold import fold
from eda_agent.simulation.fake import FunctionSimulator

from .conftest import amplifier
from .played_session import Session, agrees


@pytest.fixture(autouse=True, params=[300, 2], ids=["in memory", "on a shelf"])
def recent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it in a short run and in a long one."""
    monkeypatch.setattr(module, "RECENT", request.param)


def test_a_sizing_tried_by_hand_is_a_turn(problem: Problem) -> None:
    session = Session(problem, 4, {2: [{"do": "try", "sizing": {"W12": "8u", "m5": 3}}]})
    turn = session.env.history.turns[3]
    best = max(session.env.history.turns[:3], key=lambda one: one.value)
    assert turn.proposal.policy == "user" and turn.sizing == {**(best.sizing or {}), "W12": 8e-6, "m5": 3.0}
    assert session.reason == "budget" and session.env.history.simulations == 4
    agrees(session)


def test_review_accept_reject_edit(problem: Problem) -> None:
    plan = {
        1001: [{"do": "accept"}],
        1002: [{"do": "reject", "why": "too wide"}],
        1003: [{"do": "edit", "sizing": {"Cc": "1p"}}],
        1005: [{"do": "hint", "text": "small load"}, {"do": "review", "on": False}],
    }
    session = Session(problem, 4, plan, review=True)
    turns = session.env.history.turns
    assert [turn.proposal.policy for turn in turns[:4]] == ["baseline", "random", "user", "user"]
    assert turns[2].sizing is None and turns[2].proposal.error == "rejected: too wide"
    assert turns[3].sizing is not None and turns[3].sizing["Cc"] == 1e-12
    assert "too wide" in session.env.history.hints[0] and session.env.history.hints[1] == "small load"
    assert session.env.history.simulations == 4 and session.state.review is False
    agrees(session)
    # at every moment the run waits for one proposal at most, the one that is played next
    begun: list[dict[str, Any]] = [
        {"v": 1, "seq": 0, "t": 0, "type": "run.started", "specs": [], "parameters": [], "budget": {}}
    ]
    for count in range(1, len(session.events) + 1):
        proposed = [event for event in session.events[:count] if event["type"] == "turn.proposed"]
        assert fold([*begun, *session.events[:count]]).pending in ([], proposed[-1:])


def test_targets_ranges_and_locks_may_change(problem: Problem) -> None:
    session = Session(
        problem,
        8,
        {
            2: [{"do": "target", "spec": "gbw", "minimum": "1k"}, {"do": "target", "spec": "nothing", "minimum": 1}],
            3: [{"do": "lock", "parameter": "m5", "value": 7}],
            5: [
                {"do": "unlock", "parameter": "m5"},
                {"do": "range", "parameter": "W12", "minimum": "2u", "maximum": "3u"},
            ],
            6: [{"do": "range", "parameter": "W12", "maximum": "1"}],
        },
    )
    turns = session.env.history.turns
    assert all(turn.sizing is not None and turn.sizing["m5"] == 7 for turn in turns[4:6])
    assert all(2e-6 <= (turn.sizing or {})["W12"] <= 3e-6 for turn in turns[6:])
    # every turn counts for what is asked now
    assert all(turn.score is not None and turn.score.results[0].met for turn in turns)
    assert (
        len(session.warnings()) == 2
        and "no spec 'nothing'" in session.warnings()[0]
        and "within the 500 nm" in session.warnings()[1]
    )
    agrees(session)
    # a resumed run asks for the same
    again = problem
    for edit in session.state.edits:
        again = apply_edit(again, problem, command_from(edit))
    assert again.space == session.env.problem.space and again.specs == session.env.problem.specs
    changed = [event for event in session.events if event["type"] == "problem.changed"]
    assert len(changed) == 4 and changed[0]["specs"][0]["minimum"] == 1e3


def test_a_lock_without_a_value_keeps_the_best(problem: Problem) -> None:
    session = Session(problem, 5, {3: [{"do": "lock", "parameter": "W12"}]})
    turns = session.env.history.turns
    best = max(turns[:4], key=lambda turn: turn.value)
    assert {(turn.sizing or {})["W12"] for turn in turns[4:]} == {(best.sizing or {})["W12"]}
    assert session.state.edits[0]["value"] == (best.sizing or {})["W12"]


def test_back_and_return(problem: Problem) -> None:
    session = Session(problem, 6, {4: [{"do": "back", "turn": 2}]})
    kept = session.state
    assert len(kept.left) == 1 and [turn["index"] for turn in kept.left[0]] == [3, 4]
    agrees(session)
    other = Session(
        problem, 6, {4: [{"do": "back", "turn": 2}, {"do": "try", "sizing": {"W12": "9u"}}, {"do": "return"}]}
    )
    types = other.types()
    assert types.count("branched") == 1 and types.count("returned") == 1
    turns = other.env.history.turns
    # turns 3 and 4 stand again where the one tried by hand was, which is set aside now
    assert turns[3].proposal.policy == turns[4].proposal.policy == "random" and len(other.loop.steering.undo_stack) == 1
    assert other.loop.steering.undo_stack[0][0].proposal.policy == "user"
    agrees(other)


def test_pause_waits_and_stop_ends_it(problem: Problem) -> None:
    session = Session(problem, 6, {2: [{"do": "pause"}], 2001: [{"do": "spend", "simulations": 3}, {"do": "resume"}]})
    assert session.reason == "budget" and session.env.history.simulations == 3
    assert (
        session.types().index("run.paused")
        < session.types().index("budget.changed")
        < session.types().index("run.resumed")
    )
    control = Control()
    env = Environment(problem, FunctionSimulator(problem, amplifier))
    proposed = threading.Event()
    loop = Loop(
        env,
        RandomPolicy(0),
        Budget(1000),
        lambda type, /, **fields: proposed.set() if type == "turn.proposed" else None,
        control,
        review=True,
    )
    reasons: list[str] = []
    thread = threading.Thread(target=lambda: reasons.append(loop.run()))
    thread.start()
    assert proposed.wait(30)
    control.halt()
    thread.join(5)
    assert reasons == ["user"]


def test_another_policy_from_here_on(problem: Problem) -> None:
    session = Session(problem, 5, {2: [{"do": "policy", "name": "trust"}], 3: [{"do": "policy", "name": "nobody"}]})
    assert [turn.proposal.policy for turn in session.env.history.turns[1:]] == [
        "random",
        "random",
        "trust",
        "trust",
        "trust",
    ]
    assert session.state.policy == {"name": "trust", "options": {}} and "unknown policy" in session.warnings()[0]
    agrees(session)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("stop", "JSON object"),
        ("[]", "JSON object"),
        ('{"do": "dance"}', "unknown command 'dance'"),
        ('{"do": "hint"}', "text is missing"),
        ('{"do": "back", "turn": -1}', "whole number"),
        ('{"do": "back", "turn": true}', "whole number"),
        ('{"do": "try", "sizing": {}}', "object parameter"),
        ('{"do": "stop", "now": 1}', "no now"),
        ('{"do": "review", "on": 1}', "true or false"),
        ("[" * 100_000, "JSON"),
        ("x" * 200_000, "at most"),
        ('{"do": "lock", "parameter": "a", "value": [1]}', "a number"),
    ],
)
def test_what_is_no_order_is_said(line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_command(line)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["do", "turn", "sizing", "value", "parameter", "on"]),
                inner | st.sampled_from(["stop", "lock", "back"]),
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_anything_is_an_order_or_one_message(data: Any) -> None:
    try:
        made = command_from(data)
    except InputError as error:
        assert str(error)
    else:
        assert isinstance(made, Command) and parse_command(json.dumps(made.data())) == made


def test_edits_that_cannot_be(problem: Problem) -> None:
    def said(**data: Any) -> str:
        with pytest.raises(InputError) as caught:
            apply_edit(problem, problem, command_from(data))
        return str(caught.value)

    assert "no parameter 'X'" in said(do="lock", parameter="X")
    assert "has no minimum" in said(do="target", spec="power", minimum=1)
    assert "give a minimum or a maximum" in said(do="target", spec="power")
    assert "must be positive" in said(do="target", spec="power", maximum=-1)
    assert "below its maximum" in said(do="range", parameter="W12", minimum="5u", maximum="4u")
    assert "not a number" in said(do="lock", parameter="W12", value="wide")
    with pytest.raises(InputError, match="no parameter nobody"):
        complete_sizing(problem, {"nobody": 1}, problem.space.initial)


def test_a_file_of_orders_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text('{"do": "stop"}\n')
    heard: list[str] = []
    control = Control(complain=heard.append)
    control.follow(path)
    assert control.take() == []  # what was there before is not for this run
    with path.open("a") as file:
        file.write('{"do": "pause"}\nnonsense\n\n{"do": "hi')
    assert [one.do for one in control.take()] == ["pause"] and "nonsense" in heard[0]
    with path.open("a") as file:
        file.write('nt", "text": "x"}\n')
    assert [one.do for one in control.wait()] == ["hint"]


def test_a_bare_number_is_in_the_unit_that_the_user_sees(problem: Problem) -> None:
    """A field that shows `20 V/us` and gets a 6 means 6 V/us; the journal has the number in SI units, so that a resumed
    run reads it the same.
    """
    import dataclasses

    known = METRICS["slew_rate_up"]
    spec = dataclasses.replace(problem.specs[0], name="slew", metric=known, minimum=20e6, maximum=None, unit="V/us")
    asked = dataclasses.replace(problem, specs=(spec, *problem.specs[1:]))
    for text, value in (("6", 6e6), ("6 V/us", 6e6), ("7M V/s", 7e6), (5e6, 5e6)):
        kept = resolve_command(asked, command_from({"do": "target", "spec": "slew", "minimum": text}))
        assert kept.fields["minimum"] == pytest.approx(value)
        assert apply_edit(asked, asked, Command("target", json.loads(json.dumps(dict(kept.fields))))).specs[
            0
        ].minimum == pytest.approx(value)
    # as a journal of 0.1.0 has it: in SI units
    assert apply_edit(asked, asked, command_from({"do": "target", "spec": "slew", "minimum": "6M"})).specs[
        0
    ].minimum == pytest.approx(6e6)
