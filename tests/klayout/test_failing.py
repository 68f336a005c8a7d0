"""Why a sizing fails is said in the dock and in the form, and what is a message for the user is no error of ours."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("klayout.db")
from eda_agent.klayout import failing, stream  # needs pya

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


def test_a_rejected_turn_has_no_score() -> None:
    run = stream.Run()
    run.state.turns = [{"index": 1, "score": 0.0, "met": False, "sizing": None, "proposal": {"error": "rejected"}}]
    assert run.turn_rows() == [("1", "—", "", "rejected")]
