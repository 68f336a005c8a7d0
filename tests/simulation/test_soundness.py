"""Testbenches that do not test: degenerate circuits on ngspice are told, and what is merely a bad start is not."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.spec import Problem
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness import Soundness, observe, symptoms_of, watch
from eda_agent.simulation.soundness.noise import BELOW, voltage_bound
from tests.evidence import cases

from ..conftest import NAMES
from .judged import amplifier, evaluator_of, judged

pytestmark = pytest.mark.usefixtures("fewer_draws")


@pytest.mark.parametrize(
    ("changed", "check", "did"),
    [
        ({"more": "V9 out vdd 0"}, "still output", "out stands at 1.8 V, the supply, and does not move"),
        (
            {"more": "XME ib en vss vss sky130_fd_pr__nfet_01v8 W=2 L=0.15\nVE en vss 0.9"},
            "pair off",
            "the input pair (xm1 xm2) is off",
        ),
        ({"more": "RL out vss 20"}, "attenuates", "it attenuates: its gain is at most -"),
        ({"drain": "x", "more": "E9 out vss inp inn 1000"}, "noiseless", "its input noise is nothing"),
        # 2 pS into 1 GΩ, then a gain of 1000: √(4kTR) of the 1 GΩ is 4 µV/√Hz, behind a gain of 2 in all
        (
            {"drain": "x", "more": "G8 n vss inp inn 2p\nR8 n vss 1g\nE9 out vss vss n 1000"},
            "noise alone",
            "its input noise is 2 mV/√Hz, that of a resistor of 250 TOhm",
        ),
    ],
)
def test_an_amplifier_that_cannot_work_is_refused(
    changed: dict[str, str], check: str, did: str, tmp_path: Path, pool: LocalPool
) -> None:
    found = judged(amplifier(tmp_path, **changed), pool)  # type: ignore[arg-type]
    assert check in {symptom.check for symptom in found.refused}
    assert any(did in finding.message for finding in found.findings)


def test_exchanged_inputs_are_refused(tmp_path: Path, pool: LocalPool) -> None:
    found = judged(amplifier(tmp_path, inputs=("inn", "inp")), pool)
    assert {symptom.testbench for symptom in found.refused} == {"loop", "step"}


def test_the_source_that_holds_the_output_is_named(
    tmp_path: Path, pool: LocalPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eda_agent.simulation.soundness.judgement.DRAWS", 32)
    (finding,) = judged(amplifier(tmp_path, more="V9 out vdd 0"), pool).findings
    assert "V9 in the netlist" in finding.fix
    assert finding.message.startswith("testbenches loop and step do not test")
    assert "32 other sizings" in finding.message


def test_the_amplifier_itself_is_not_refused(tmp_path: Path, pool: LocalPool) -> None:
    assert judged(amplifier(tmp_path), pool) == Soundness((), ())


def test_a_start_that_is_merely_bad_is_said_and_not_refused(
    tmp_path: Path, pool: LocalPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eda_agent.simulation.soundness.judgement.DRAWS", 16)
    problem = amplifier(tmp_path, more="RL out mid 4k\nVmid mid vss 0.9")
    found = judged(problem, pool)
    assert not found.refused
    assert [symptom.check for symptom in found.said] == ["attenuates a little"]
    assert "at the netlist's own sizes, in testbench loop: it attenuates" in found.notes[0]


OWN = """name: c
circuit: c.spice
subckt: ota
pdk: sky130A
parameters:
  XM1.w: {min: 1u, max: 50u, step: 10n, scale: log}
  XM5.m: {min: 1, max: 20, step: 1, scale: log}
match: [[XM1, XM2]]
testbenches:
  mine: {deck: tb.spice, probes: {out: OUT, supply: SUPPLY}}
specs:
  dc_gain: {testbench: mine, unit: dB, minimum: -60}
  power: {testbench: mine, unit: W, maximum: 200u}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""
TB = """* my own
Vdd vdd 0 {vdd}
Vcm inp 0 dc 0.9 ac 1
Vother x 0 1
Ra x y 1k
Ca y 0 1p
Vx z 0 dc 1 ac 1
Rb z w 10k
Cb w 0 1p
Ib vdd ib 5u
Xdut inp out out ib vdd 0 ota
.op
.ac dec 10 1 1g
"""


@pytest.mark.parametrize(
    ("out", "supply", "checks"),
    # a follower's gain is below 0 dB, and asked to be
    [("out", "vdd", []), ("w", "vother", ["no power"]), ("w", "vx", ["no power"])],
)
def test_a_supply_that_delivers_nothing(
    out: str, supply: str, checks: list[str], tmp_path: Path, pool: LocalPool
) -> None:
    (tmp_path / "tb.spice").write_text(TB, encoding="utf-8")
    problem = amplifier(tmp_path, spec=OWN.replace("OUT", out).replace("SUPPLY", supply))
    assert [symptom.check for symptom in judged(problem, pool).refused] == checks


def test_results_that_do_not_move_with_the_sizes(tmp_path: Path, pool: LocalPool) -> None:
    # the probes stand beside the circuit that is sized
    (tmp_path / "tb.spice").write_text(TB.replace("Vother x 0 1", "Vother x 0 1\nRc x 0 10k"), encoding="utf-8")
    problem = amplifier(tmp_path, spec=OWN.replace("OUT", "w").replace("SUPPLY", "vother"))
    found = judged(problem, pool)
    assert [symptom.check for symptom in found.refused] == ["unmoved"]
    assert "identical to the last digit" in found.findings[0].message


@pytest.mark.parametrize("name", cases(NAMES, *sorted({*NAMES} - {"ring_vco"})))
def test_no_shipped_circuit_is_refused(
    name: str, problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    found = judged(problems[name], pool)
    assert not found.refused
    assert not found.said


def test_of_two_looks_at_a_sizing_both_see_the_same(miller: Problem, pool: LocalPool, tmp_path: Path) -> None:
    evaluator = evaluator_of(miller, pool)
    evaluation, watched = watch(evaluator, miller.space.initial)
    (observed,) = observe(evaluator, [miller.space.initial], miller.corners[0].name)
    plain = evaluator.evaluate([miller.space.initial])[0]
    assert evaluation.values == plain.values
    assert {seen.corner for seen in watched} == {corner.name for corner in miller.corners}
    twins = {seen.testbench: seen for seen in watched if seen.corner == miller.corners[0].name}
    for seen in observed:
        for kind, wave in seen.waves.items():
            assert all(
                np.array_equal(array, twins[seen.testbench].waves[kind].probes[role])
                for role, array in wave.probes.items()
            )
    assert not symptoms_of(watched)


def test_specs_that_do_not_count_in_a_corner_say_nothing_there(tmp_path: Path, pool: LocalPool) -> None:
    problem = amplifier(tmp_path, more="V9 out vdd 0")
    corner = problem.corners[0]
    other = replace(
        problem,
        corners=(corner, replace(corner, name="other")),
        specs=tuple(replace(spec, corners=("nominal",)) for spec in problem.specs),
    )
    evaluator = evaluator_of(other, pool)
    assert {symptom.corner for symptom in symptoms_of(watch(evaluator, problem.space.initial)[1])} == {"nominal"}


def test_the_bound_of_noise_is_that_of_a_device_in_weak_inversion() -> None:
    # 2qI of shot noise over gm = I q/(kT), by hand: at 10 uA and 300 K 4.6 nV/√Hz
    thermal = 1.380649e-23 * 300.15
    assert voltage_bound(10e-6, 27) == pytest.approx(
        math.sqrt(2 * 1.602176634e-19 * 10e-6) / (10e-6 * 1.602176634e-19 / thermal)
    )
    assert voltage_bound(10e-6, 27) == pytest.approx(4.63e-9, rel=0.01)


def test_no_shipped_amplifier_is_near_the_bound(problems: dict[str, Problem], pool: LocalPool, tmp_path: Path) -> None:
    problem = problems["ota_5t"]
    evaluation = evaluator_of(problem, pool).evaluate([problem.space.initial], ["nominal"])[0]
    values = evaluation.values["nominal"]
    noise, power = values["input_noise"], values["power"]
    assert noise is not None and power is not None
    assert noise > voltage_bound(power / 1.8, 27) > BELOW * voltage_bound(power / 1.8, 27)
