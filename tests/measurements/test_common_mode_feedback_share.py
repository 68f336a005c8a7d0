"""A fully differential amplifier of three stages that oscillates in unity feedback and not in a tenth of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

HALF = """G1{h} vss a{h} {i} {j} 0.5m
R1{h} a{h} vss 10k
C1{h} a{h} vss 1.59n
G2{h} vss b{h} a{h} vss 1m
R2{h} b{h} vss 10k
C2{h} b{h} vss 7.96p
G3{h} vss out{h} b{h} vss 1m
R3{h} out{h} vss 10k
C3{h} out{h} vss 6.96p
G4{h} vss out{h} vocm cm 1m
Rc{h} out{h} cm 1meg
"""


@pytest.mark.parametrize("feedback", [1.0, 0.1])
def test_the_common_mode_is_measured_in_the_feedback_of_the_circuit(feedback: float, tmp_path: Path) -> None:
    from eda_agent.api import load, simulate

    halves = HALF.format(h="p", i="inp", j="inn") + HALF.format(h="n", i="inn", j="inp")
    (tmp_path / "c.spice").write_text(
        f"* c\n.subckt dut inp inn outp outn vocm vdd vss\nRv vdd vss 100k\n{halves}Ccm cm vss 10f\n.ends\n"
    )
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: dut\npdk: own\nports: {cmfb: cm, control: none}\nparameters:\n  C1p: {min: 1n, max: 2n}\n"
        f"testbenches:\n  common: {{template: common_mode_loop, load: 1p, feedback: {feedback}}}\n"
        "specs:\n  cm_loop_gain: {minimum: 1}\ncorners:\n  nominal: {process: tt, vdd: 1.8, temperature: 27}\n"
    )
    found = simulate(load(tmp_path))["cm_loop_gain"]
    # closed differential loop: three poles of RC and a gain of 5 · 10 · 10 · 2 halves / 2, times the share
    poles = [[10e3 * 1.59e-9, 1], [10e3 * 7.96e-12, 1], [10e3 * 7.96e-12, 1]]
    closed = np.polyadd(np.polymul(np.polymul(poles[0], poles[1]), poles[2]), [500 * feedback])
    stable = bool(np.roots(closed).real.max() < 0)
    assert stable == (feedback < 1) and (found is not None) == stable
    if found is not None:
        assert found == pytest.approx(20 * math.log10(10), abs=0.5)
