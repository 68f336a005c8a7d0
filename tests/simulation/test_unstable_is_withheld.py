"""What a step shows of an amplifier whose loop gain encircles −1 is withheld: a step may end before the oscillation has
grown.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.run.evaluate_once import open_evaluator

# three poles of 1 kΩ and C behind a gain: above 8 the follower oscillates (G3 = 8 in closed form)
CELL = """* three equal poles
.param gain=6
.subckt amp inp inn out vdd vss
R0 vdd vss 1meg
E1 a vss inp inn {gain}
R1 a b 1k
C1 b vss 100p
E2 c vss b vss 1
R2 c d 1k
C2 d vss 100p
E3 e vss d vss 1
R3 e f 1k
C3 f vss 100p
E4 out vss f vss 1
.ends
"""


@pytest.mark.parametrize(("gain", "stable"), [(6, True), (8.02, False)])
@pytest.mark.parametrize(("load", "same"), [("1p", True), ("2p", False)])
def test_a_response_beside_a_negative_margin(gain: float, stable: bool, load: str, same: bool, tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(CELL.replace("gain=6", f"gain={gain}"))
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: amp\npdk: own\nparameters: {gain: {min: 1, max: 100}}\n"
        "testbenches:\n  loop: {template: opamp_loop, load: 1p}\n"
        f"  step: {{template: opamp_step, load: {load}, step: 0.1, hold: 1u, tolerance: 40}}\n"
        "specs:\n  phase_margin: {testbench: loop, minimum: 45}\n  slew_rate_up: {testbench: step, minimum: 1}\n"
        "corners: {n: {process: tt, vdd: 2, temperature: 27}}\n"
    )
    problem = load_problem(tmp_path / "spec.yaml")
    with open_evaluator(problem, cache=False) as evaluator:
        found = evaluator.evaluate([problem.space.initial])[0]
    margin, slope = found.values["n"]["phase_margin"], found.values["n"]["slew_rate_up"]
    why = found.reasons.get(("n", "slew_rate_up"), "")
    assert margin is not None and (margin > 0) is stable
    if stable or not same:
        assert "shows that the circuit oscillates" not in why
    else:
        assert slope is None and why == "testbench loop shows that the circuit oscillates: this value proves nothing"
