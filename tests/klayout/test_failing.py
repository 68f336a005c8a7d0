"""Why a sizing fails is said in the dock and in the form, and what is a message for the user is no error of ours."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("klayout.db")
from eda_agent.klayout import budget, failing, stream, wording  # needs pya

FAILED: dict[str, Any] = {
    "failures": [["ac", "slow", "singular", "singular matrix: check node\nn2"], ["ac", "fast", "singular", ""]],
    "jobs": 3,
}
WHY = "ac in slow: singular matrix: check node n2 (2 of 3 simulations fail)"


def row(value: float | None, why: str = "", met: bool = False) -> dict[str, Any]:
    return {"value": value, "corner": "slow", "why": why, "met": met, "margin": None, "satisfaction": 0.0}


def test_the_reason_of_a_failing_turn_is_in_its_rows() -> None:
    run = stream.Run()
    run.state.started = {
        "specs": [{"name": "gbw", "unit": "Hz", "minimum": 1e6, "maximum": None}],
        "parameters": [],
    }
    turn = {"index": 0, "score": 0.0, "met": False, "sizing": {}, "proposal": {"reasoning": "own"}}
    run.state.turns = [{**turn, "specs": {"gbw": row(None, "the gain stays below 1")}, "evaluation": FAILED}]
    assert run.spec_rows(0) == [("✗", "gbw", "≥ 1 MHz", "—", "slow, the gain stays below 1")]
    assert run.turn_rows()[0][3] == f"{WHY}: own"


def test_own_sizes_that_cannot_be_simulated() -> None:
    nothing = {"score": 0.0, "specs": {"gbw": row(None, "failed")}, **FAILED}
    assert failing.own_sizes(nothing) == f"The netlist's own sizes cannot be simulated: {WHY}"
    unmeasured = {"score": 0.0, "specs": {"gbw": row(None, "the gain stays below 1")}, "failures": []}
    assert failing.own_sizes(unmeasured).endswith("cannot be simulated: gbw in slow: the gain stays below 1")
    partly = {"score": 0.99999, "specs": {"gbw": row(None, "no edge"), "gain": row(60.0, "", True)}, "failures": []}
    said = "At the netlist's own sizes: score 0.9999, 1 of 2 specs met. Without a value: gbw in slow: no edge"
    assert failing.own_sizes(partly) == said


def test_own_sizes_are_counted_by_the_typed_targets() -> None:
    specs = {"gbw": row(9e6, met=True), "settling": {**row(25e-9), "bound": ">"}}
    result = {"score": 0.5, "specs": specs, "failures": []}
    assert failing.own_sizes(result).endswith("score 0.5000, 1 of 2 specs met")
    for target, met in (({"gbw": (1e7, None)}, 0), ({"gbw": (8e6, None)}, 1), ({"settling": (None, 1e-6)}, 1)):
        assert failing.own_sizes(result, target) == f"At the netlist's own sizes: {met} of 2 specs met"
    assert failing.far(15.0, 25e-9, "s") == "far from the measured 25 ns" and not failing.far(15e-9, 25e-9, "s")


def test_an_invalid_target_is_not_met() -> None:
    result = {"score": 0.5, "specs": {"gbw": row(9e6, met=True), "gain": row(60.0, "", True)}, "failures": []}
    said = "At the netlist's own sizes: 1 of 2 specs met (gbw: no valid target)"
    assert failing.own_sizes(result, {"gbw": None}) == said


def test_a_value_other_than_the_netlists_is_said_once() -> None:
    said = "the netlist's 8 um lies outside; only turn 0 has it"
    assert failing.outside(8e-6, "8 um", 9e-6, 2e-5) == said
    assert failing.outside(8e-6, "8 um", 8e-6, 2e-5) == "" == failing.outside(8e-6, "8 um", 8e-6, 8e-6)
    locked = failing.outside(8e-6, "8 um", 9e-6, 9e-6)
    assert locked == "the netlist's 8 um is another; only turn 0 has it"
    assert failing.summary([said, said]) == said
    assert failing.summary([said, said, "a", "b", "c"]) == f"{said}; a; and 2 more"


def test_the_question_at_the_end_asks() -> None:
    title, text = wording.question(["eda-agent: ota in /a"], False)
    assert title == "A run is active" and text.startswith("eda-agent: ota in /a is running. What becomes of it?")
    title, text = wording.question(["a", "b"], True)
    assert title == "Runs are active" and text.startswith("2 runs are running. What becomes of them?\n\na\nb\n")
    assert text.endswith("Show a run … gives it one.")


def test_a_spent_budget_asks_for_more() -> None:
    run = stream.Run()
    run.state.started, run.state.tally.simulations = {"budget": {"simulations": 200}}, 200
    assert run.budget_spent == 0
    run.state.finished = {"stop": "met"}
    assert run.budget_spent == 0 and "· score 0.0000 at turn 0 · 200/200" in run.status
    run.state.finished = {"stop": "budget"}
    assert run.budget_spent == 200 and budget.larger(200, " 50 ") == 250
    for text in ("", "0", "-3", "1.5", "many"):
        with pytest.raises(ValueError, match="Enter 1 or more"):
            budget.larger(200, text)


def test_a_rejected_turn_has_no_score() -> None:
    run = stream.Run()
    run.state.turns = [{"index": 1, "score": 0.0, "met": False, "sizing": None, "proposal": {"error": "rejected"}}]
    assert run.turn_rows() == [("1", "—", "", "rejected")]
