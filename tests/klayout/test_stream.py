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
