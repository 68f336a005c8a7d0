"""What is said of a turn's sizes before they are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.klayout.standing import lines
from eda_agent.record.fold import RunState
from eda_agent.record.run_state import load_state
from eda_agent.record.standing import standing

RUN = Path(__file__).parent.parent / "fixtures" / "run" / "ota"


@pytest.fixture(scope="module")
def state() -> RunState:
    return load_state(RUN)


def test_missed_specs_are_those_of_the_journal(state: RunState) -> None:
    for turn in state.turns:
        found = standing(state, turn)
        missed = {name for name, result in turn["specs"].items() if not result["met"]}
        assert {line.partition(":")[0] for line in found["missed"]} == missed
        for line in found["missed"]:
            name = line.partition(":")[0]
            corner = turn["specs"][name]["corner"]
            assert (f" in {corner}, target " in line) == bool(corner)
        assert found["ended"] and found["met"] == turn["met"] == (not missed)


def test_lines_are_short_and_an_ended_met_run_has_none(state: RunState) -> None:
    good = {"turn": 3, "ended": True, "met": True, "verdict": "all 10 specs met in 3 corners", "missed": []}
    assert lines({"standing": good}) == [] and lines({}) == []
    assert lines({"standing": {**good, "ended": False}}) == [
        "The run has not ended: these are the sizes of turn 3, its best so far."
    ]
    many = {**good, "met": False, "verdict": "9 of 10 specs NOT met", "missed": [f"s{n}: no value" for n in range(9)]}
    assert lines({"standing": many})[-1] == "  and 3 more" and len(lines({"standing": many})) == 8
