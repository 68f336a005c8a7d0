"""The dock's texts, from events alone: a censored value reads as a bound with its reason."""

from __future__ import annotations

from eda_agent.klayout.stream import Run


def test_a_censored_value_reads_as_a_bound() -> None:
    spec = {"name": "settling", "unit": "s", "minimum": None, "maximum": 5e-7}
    result = {"corner": "slow", "value": 1e-6, "margin": -0.5, "met": False, "why": "not settled"}
    run = Run(started={"specs": [spec]}, best={"index": 0})
    run.turns = [{"index": 0, "specs": {"settling": {**result, "bound": ">"}}}]
    assert run.spec_rows() == [("✗", "settling", "≤ 500 ns", "> 1 us (not settled)", "slow")]
    # a journal of version 0.1.0 has no bounds
    run.turns = [{"index": 0, "specs": {"settling": result}}]
    assert run.spec_rows()[0][3] == "1 us"


def test_a_turn_in_some_corners_is_marked_and_decides_nothing() -> None:
    spec = {"name": "gain", "unit": "dB", "minimum": 62.0, "maximum": None, "asked": [60.0, None]}
    result = {"corner": "a", "value": 70.0, "margin": 0.1, "met": True, "why": ""}
    run = Run(started={"specs": [spec], "corners": ["a", "b", "c"], "budget": {"simulations": 9}}, best={"index": 0})
    whole, part = ({"index": number, "score": score, "specs": {"gain": result}, "evaluation": {"values": {name: {} for name in corners}}} for number, score, corners in ((0, 0.5, "abc"), (1, 0.9, "a")))  # fmt: skip
    run.turns = [whole, part]
    assert run.curve == [0.5, 0.5]
    assert [row[1] for row in run.turn_rows()] == ["0.5000", "≤ 0.9000"] and run.turn_rows()[1][3].startswith("1 of 3 corners")
    assert run.spec_rows(0)[0][0] == "✓" and run.spec_rows(1)[0][0] == "·"
    # tightened for the yield: what the user asked stands beside
    assert run.spec_rows(0)[0][2] == "≥ 62 dB, asked ≥ 60 dB"


def test_going_back_and_forth_and_another_budget_are_followed() -> None:
    run = Run(started={"budget": {"simulations": 9}, "problem": "p"}, best={"index": 0, "score": 0.5})
    run.turns = [{"index": number} for number in range(4)]
    run.apply({"type": "branched", "turn": 1})
    run.apply({"type": "turn.evaluated", "index": 2, "other": True})
    run.apply({"type": "returned", "turn": 2})
    assert [turn.get("other") for turn in run.turns] == [None] * 4
    run.apply({"type": "returned", "turn": 2})
    assert [turn["index"] for turn in run.turns] == [0, 1, 2] and run.turns[2]["other"]
    run.apply({"type": "budget.changed", "simulations": 20})
    assert "/20 simulations" in run.status
