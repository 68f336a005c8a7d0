"""Start-up of a reference: the closed form of an RC divider, and a bandgap against a deck written by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once, open_evaluator
from eda_agent.simulation.soundness import judge

from .plain import library, ngspice

MODELS = (
    ".model nch nmos level=1 vto=0.6 kp=150u gamma=0.5 phi=0.7 lambda=0.05 tox=8n cgso=0.3n cgdo=0.3n\n"
    ".model pch pmos level=1 vto=-0.7 kp=50u gamma=0.5 phi=0.7 lambda=0.06 tox=8n cgso=0.3n cgdo=0.3n\n"
    ".model qp pnp is=2e-17 bf=20 xti=3 eg=1.17\n"
)
BANDGAP = """.subckt bgr vdd vss out
M1 na g vdd vdd pch W=20u L=2u
M2 nb g vdd vdd pch W=20u L=2u
M3 out g vdd vdd pch W=20u L=2u
Q1 vss vss na qp area=1
R1 nb nc 5.4k
Q2 vss vss nc qp area=8
R2 out nd {R}
Q3 vss vss nd qp area=1
M4 g2 PLUS t vss nch W=10u L=2u
M5 g MINUS t vss nch W=10u L=2u
M6 g2 g2 vdd vdd pch W=10u L=2u
M7 g g2 vdd vdd pch W=10u L=2u
M8 t bb vss vss nch W=4u L=4u
M9 bb bb vss vss nch W=4u L=4u
Rb vdd bb 500k
STARTER.ends
"""
STARTER = """MS1 s s vdd vdd pch W=2u L=50u
MS2 g s vss vss nch W=2u L=2u
MS3 s out vss vss nch W=50u L=1u
"""
SPEC = """circuit: c.spice
subckt: bgr
pdk: own
parameters: {R: {min: 10k, max: 100k}}
testbenches: {drift: {template: reference}, start: {template: reference_startup}}
specs:
  reference_voltage: {testbench: drift, unit: V, minimum: 1.2}
  startup_time: {testbench: start, unit: us, maximum: 2}
corners: {one: {process: tt, vdd: 5, temperature: 27}}
"""


def bandgap(plus: str, minus: str, starter: str) -> str:
    return BANDGAP.replace("PLUS", plus).replace("MINUS", minus).replace("STARTER", starter)


def written(folder: Path, body: str, spec: str = SPEC) -> Path:
    (folder / "c.spice").write_text(f"* bandgap\n.param R=57k\n{MODELS}{body}", encoding="utf-8")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    return folder / "spec.yaml"


def test_a_divider_with_a_capacitor_starts_as_its_time_constant_says(tmp_path: Path) -> None:
    body = ".subckt bgr vdd vss out\nR1 vdd out {R}\nR2 out vss {R}\nC1 out vss 100p\n.ends\n"
    values = measure_once(load_problem(written(tmp_path, body)))
    tau, ramp = 57e3 / 2 * 100e-12, 1e-6
    # the error after a ramp of length T: tau/T (1 - exp(-T/tau)) exp(-(t - T)/tau)
    expected = ramp + tau * math.log(tau / ramp * (1 - math.exp(-ramp / tau)) / 0.02)
    assert values["startup_time"] == pytest.approx(expected, rel=0.01)


def test_a_bandgap_starts_as_a_deck_by_hand_shows(tmp_path: Path) -> None:
    body = bandgap("nb", "na", STARTER)
    problem = load_problem(written(tmp_path, body))
    values = measure_once(problem)
    deck = (
        f".param R=57k\n{MODELS}{body}Xdut vdd 0 out bgr\nCl out 0 10f\n"
        "Vdd vdd 0 dc 5 pwl(0 5 1u 0 81u 0 82u 5)\n.option reltol=1e-6\n"
    )
    ((time, out),) = ngspice(deck, [("tran 5n 102u", "v(out)")])
    away = time[np.abs(out / out[0] - 1) > 0.02]
    assert values["startup_time"] == pytest.approx(away[-1] - 81e-6, rel=0.02, abs=5e-9)
    with open_evaluator(problem, cache=False) as evaluator:
        assert not judge(evaluator).refused


@pytest.mark.parametrize(
    ("plus", "minus", "starter"), [("na", "nb", STARTER), ("nb", "na", "")], ids=["positive feedback", "no starter"]
)
def test_a_bandgap_that_does_not_start_has_no_start_up_time(
    plus: str, minus: str, starter: str, tmp_path: Path
) -> None:
    """Its operating point is the wanted one, which ngspice finds and the circuit does not."""
    problem = load_problem(written(tmp_path, bandgap(plus, minus, starter)))
    values = measure_once(problem)
    assert values["startup_time"] is None


def test_a_beta_multiplier_starts_from_leakage_as_a_deck_by_hand_shows(tmp_path: Path) -> None:
    """Without a starter microseconds pass with leakage alone: ngspice's reltol of 1e-3 made them 4 % longer."""
    nfet, pfet = "sky130_fd_pr__nfet_01v8 W=5 L=2", "sky130_fd_pr__pfet_01v8 W=5 L=2"
    body = (
        f".subckt ref iout vdd vss\nXM1 a a vss vss {nfet} m=1\nXM2 b a s vss {nfet} m=8\nR1 s vss {{R}}\n"
        f"XM3 a b vdd vdd {pfet} m=1\nXM4 b b vdd vdd {pfet} m=1\nXM5 iout b vdd vdd {pfet} m=1\n.ends\n"
    )
    (tmp_path / "c.spice").write_text(f"* t\n.param R=10k\n{body}")
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: ref\npdk: sky130A\nports: {out: iout}\nparameters: {R: {min: 1k, max: 1M}}\n"
        "testbenches: {start: {template: current_reference_startup}}\n"
        "specs: {startup_time: {testbench: start, unit: us, maximum: 2}}\n"
        "corners: {one: {process: tt, vdd: 1.8, temperature: 27}}\n"
    )
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    deck = (
        f"{library('ldo', 'tt', True)}.param R=10k\n{body}Xdut out vdd 0 ref\n.option reltol=1e-6\n"
        "Vdd vdd 0 dc 1.8 pwl(0 1.8 1u 0 81u 0 82u 1.8)\nVo out 0 dc 0.9 pwl(0 0.9 1u 0 81u 0 82u 0.9)\n"
    )
    ((time, current),) = ngspice(deck, [("tran 10n 102u 0 10n", "i(vo)")])
    away = time[np.abs(current / current[0] - 1) > 0.02]
    assert values["startup_time"] == pytest.approx(away[-1] - 81e-6, rel=0.01)


@pytest.mark.parametrize(("end", "why"), [(0.3, "it does not start"), (1.25, "")])
def test_where_the_output_returns(end: float, why: str) -> None:
    settings = {"ramp": 1e-6, "hold": 20e-6, "tolerance": 2.0}
    time = np.linspace(0, 102e-6, 4081)
    out = np.interp(time, [0, 1e-6, 81e-6, 83e-6, 102e-6], [1.25, 0, 0, end, end])
    found = measure("startup_time", Waveform("tran", time, {"out": out}), settings)
    assert found.why.startswith(why) and (found.value is None) == bool(why)


LINE = SPEC.replace("start: {template: reference_startup}", "line: {template: reference_line}").replace(
    "startup_time: {testbench: start, unit: us, maximum: 2}",
    "line_regulation: {testbench: line, unit: V/V, maximum: 1}",
)


@pytest.mark.parametrize(
    ("plus", "minus", "starter", "states"), [("na", "nb", "", 2), ("nb", "na", STARTER, 1)], ids=["two", "one"]
)
def test_testbenches_in_two_dc_states_are_reported(
    plus: str, minus: str, starter: str, states: int, tmp_path: Path
) -> None:
    """The sweep of the supply finds another state than the operating point does."""
    with open_evaluator(load_problem(written(tmp_path, bandgap(plus, minus, starter), LINE)), cache=False) as evaluator:
        found = judge(evaluator)
    shown = [symptom for symptom in (*found.refused, *found.said) if symptom.check == "two states"]
    assert [symptom.testbench for symptom in shown] == ["line"] * (states - 1)
    assert all("1.25 V in drift, under the same conditions" in symptom.did for symptom in shown)


SOURCE = """.subckt bgr vdd vss out
M1 x x vss vss nch W=5u L=2u
Rb vdd x {R}
M2 g x vss vss nch W=5u L=2u
M3 g g vdd vdd pch W=10u L=2u
M4 out g vdd vdd pch W=10u L=2u
.ends
"""
CURRENT = """circuit: c.spice
subckt: bgr
pdk: own
parameters: {R: {min: 10k, max: 100k}}
testbenches: {start: {template: current_reference_startup, compliance: 1.5}}
specs: {startup_time: {testbench: start, unit: us, maximum: 2}}
corners: {one: {process: tt, vdd: 3, temperature: 27}}
"""


def test_the_voltage_at_a_current_output_follows_the_supply(tmp_path: Path) -> None:
    """A source that stayed at 1.5 V drove 101 TA through the junction of the unpowered output."""
    values = measure_once(load_problem(written(tmp_path, SOURCE, CURRENT)))
    deck = (
        f".param R=57k\n{MODELS}{SOURCE}Xdut vdd 0 out bgr\n.option reltol=1e-6\n"
        "Vdd vdd 0 dc 3 pwl(0 3 1u 0 81u 0 82u 3)\nVhold out 0 dc 1.5 pwl(0 1.5 1u 0 81u 0 82u 1.5)\n"
    )
    ((time, current),) = ngspice(deck, [("tran 5n 102u", "i(vhold)")])
    away = time[np.abs(current / current[0] - 1) > 0.02]
    assert values["startup_time"] == pytest.approx(away[-1] - 81e-6, rel=0.02, abs=5e-9)
