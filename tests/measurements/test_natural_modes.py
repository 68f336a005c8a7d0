"""Natural modes: state spaces with known eigenvalues, a delay that has none, and amplifiers whose inner loop oscillates
in a kicked transient of plain ngspice while every response at their ports looks normal.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.metrics import measure
from eda_agent.metrics.contradiction import proves_stability, same_conditions, tells_of_instability
from eda_agent.metrics.natural_modes import fastest_growing, grows
from eda_agent.metrics.own_oscillation import why_not_stable
from eda_agent.problem.load import load_problem
from tests.evidence import cases

from ..conftest import CIRCUITS
from .plain import ngspice

MODELS = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 tox=8n cgso=200p cgdo=200p
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 tox=8n cgso=200p cgdo=200p
"""
TWO_LOOPS = """.subckt fda inp inn outp outn vocm ib vdd vss
M0 ib ib vss vss nch W=10u L=1u
M5 t ib vss vss nch W=20u L=1u
M1 a inp t vss nch W=20u L=0.5u
M2 b inn t vss nch W=20u L=0.5u
M3 a c1 vdd vdd pch W=20u L=1u
M4 b c1 vdd vdd pch W=20u L=1u
R3 a c0 400k
R4 b c0 400k
C3 c0 vss {inner}
R5 c0 c1 400k
C5 c1 vss {inner}
M11 outp a vdd vdd pch W=40u L=1u
M12 outn b vdd vdd pch W=40u L=1u
M13 outp cm vss vss nch W=20u L=1u
M14 outn cm vss vss nch W=20u L=1u
C1 a outp 10f
C2 b outn 10f
R1 outp s 50k
R2 outn s 50k
M6 t2 ib vss vss nch W=10u L=1u
M7 d vocm t2 vss nch W=5u L=0.5u
M8 e s t2 vss nch W=5u L=0.5u
M9 e e vdd vdd pch W=5u L=1u
M10 d d vdd vdd pch W=5u L=1u
M20 cm e vdd vdd pch W=5u L=1u
M21 cm cm vss vss nch W=5u L=1u
.ends
"""
INNER_TANK = """.subckt lna rfin rfout vb vdd vss
LG rfin g 10n
CX g s 100f
M1 d g s vss nch W=200u L=0.2u
LS s vss 0.6n
M2 x vb d vss nch W=200u L=0.2u
L1 vdd x 4n
R1 vdd x 1k
L2 vdd y 4n
R2 vdd y 1k
MX1 x y t vss nch W={pair} L=0.2u
MX2 y x t vss nch W={pair} L=0.2u
MT t bias vss vss nch W=20u L=0.2u
CC x g2 1p
RG g2 bias 5k
M3 o g2 vss vss nch W=60u L=0.2u
M4 o2 vb o vss nch W=60u L=0.2u
LD vdd o2 6n
RD vdd o2 100
CO o2 rfout 1p
RB g bias 20k
MB bias bias vss vss nch W=10u L=0.2u
RR vdd bias 10k
.ends
"""
FAST = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p cgdo=20p cj=100u mj=0.5 tox=8n
"""
CORNER = "corners:\n  nominal: {process: tt, vdd: 3, temperature: 27}\n"


def state_space(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Conductances with sources between any nets, capacitances, inverse inductances, and the eigenvalues."""
    draw = np.random.default_rng(seed)
    nets = int(draw.integers(2, 16))
    g, c, coil = np.diag(10 ** draw.uniform(-6, -2, nets)), np.diag(10 ** draw.uniform(-15, -11, nets)), np.zeros(nets)
    for _ in range(2 * nets):
        g[tuple(draw.integers(0, nets, 2))] += 10 ** draw.uniform(-6, -3) * draw.choice([-1, 1])
    for one, other in draw.integers(0, nets, (nets, 2)):
        if one != other:
            value = 10 ** draw.uniform(-15, -12)
            c[[one, other], [one, other]] += value
            c[[one, other], [other, one]] -= value
    if seed % 2:
        coil[draw.integers(0, nets, 2)] = 1 / 10 ** draw.uniform(-9, -6, 2)
    # states: net voltages, and the coils' currents in units of volts: dv/dt = −C⁻¹(G v + Γ x), dx/dt = v
    inverse, unit = np.linalg.inv(c), 1e8
    rows = [[-inverse @ g, -inverse @ np.diag(coil) / unit], [np.eye(nets) * unit, np.zeros((nets, nets))]]
    return g, c, np.diag(coil), np.linalg.eigvals(np.block(rows))


@given(st.integers(0, 10_000))
def test_modes_are_the_eigenvalues_of_a_state_space(seed: int) -> None:
    g, c, coil, found = state_space(seed)
    frequency = np.logspace(3, 10, 15)
    s = 2j * math.pi * frequency[:, None, None]
    seen = fastest_growing(frequency, np.linalg.inv(g + s * c + coil / s))
    assert seen is not None
    size = np.abs(found)
    inside = found[(size > 2 * math.pi * 10) & (size < 2 * math.pi * 2e11)]
    share = inside.real / np.abs(inside)
    if abs(share.max()) > 1e-4:
        worst = inside[np.argmax(share)]
        assert grows(seen) == (share.max() > 0)
        if share.max() > 0:
            seen_share = seen.growth / math.hypot(seen.growth, 2 * math.pi * seen.frequency)
            assert seen_share == pytest.approx(share.max(), rel=1e-3)
            assert abs(worst.imag) / (2 * math.pi) == pytest.approx(seen.frequency, rel=1e-3, abs=abs(worst) * 1e-4)


def test_a_delay_has_no_modes_and_says_nothing() -> None:
    frequency = np.logspace(3, 10, 15)
    late = 5e-3 * np.exp(-2j * math.pi * frequency * 2e-9)
    y = np.array([[1e-3 + 2j * math.pi * f * 1e-12, 0] for f in frequency])
    admittance = np.stack([np.stack([y[:, 0], late], -1), np.stack([-1e-3 + 0 * late, y[:, 0]], -1)], -2)
    assert fastest_growing(frequency, np.linalg.inv(admittance)) is None


@pytest.mark.parametrize("conductance", [1e-8, -2e-6])
def test_a_mode_below_the_band_grows_only_where_the_circuit_has_it(conductance: float) -> None:
    """A net with a capacitance behind a resistance, as of a substrate, which the form of the band takes for a coil."""
    frequency = np.logspace(-4, 11, 31)
    s = 2j * math.pi * frequency
    admittance = conductance + s * 25e-15 + s * 6e-15 / (1 + s * 6e-15 * 900)
    seen = fastest_growing(frequency, (1 / admittance)[:, None, None], 1e8)
    assert seen is not None and grows(seen) == (conductance < 0)
    if conductance < 0:
        assert seen.growth == pytest.approx(2e-6 / 31e-15, rel=0.4)


def measured(folder: Path, models: str, cell: str, spec: str) -> tuple[dict[str, float | None], str]:
    """(metric → value, what `check` says) at the netlist's own sizes."""
    from eda_agent.api import load, simulate

    (folder / "part.spice").write_text(f"* part\n{models}{cell}")
    (folder / "spec.yaml").write_text(f"circuit: part.spice\npdk: own\n{spec}{CORNER}")
    problem = load(folder)
    found = simulate(problem)
    called = [sys.executable, "-m", "eda_agent", "check", str(folder)]
    said = subprocess.run(called, capture_output=True, text=True, check=True).stdout
    return {name: found[name] for name in problem.problem.spec_names}, said


def swing_and_frequency(time: np.ndarray, value: np.ndarray) -> tuple[float, float]:
    """(peak to peak of the last third, in V, and the frequency there) of a net that was kicked by some millivolts."""
    late = time > 2 * time[-1] / 3
    level = value[late] - value[late].mean()
    rising = np.flatnonzero((level[:-1] < 0) & (level[1:] >= 0))
    at = time[late][rising]
    period = (at[-1] - at[0]) / (len(at) - 1) if len(at) > 2 else math.inf
    return float(np.ptp(value[late])), 1 / period


@pytest.mark.parametrize("inner", cases(["1p", "10f"], "1p"))
def test_a_second_common_mode_loop_that_oscillates_withholds_every_margin_and_step(inner: str, tmp_path: Path) -> None:
    cell = TWO_LOOPS.format(inner=inner)
    spec = (
        "subckt: fda\nports: {control: none, cmfb: cm}\nbias: {ib: {current: 5u}}\nparameters:\n  M5.w: {min: 1u, max: 90u}\n"
        "testbenches:\n  common: {template: common_mode_loop, load: 30p}\n  loop: {template: differential_loop, load: 30p}\n"
        "  step: {template: differential_step, load: 30p}\n"
        "specs:\n  settling_time: {testbench: step, maximum: 1m}\n  slew_rate_up: {testbench: step, minimum: 1}\n  cm_phase_margin: {testbench: common, minimum: 1}\n  phase_margin: {testbench: loop, minimum: 1}\n"
    )
    found, said = measured(tmp_path, MODELS, cell, spec)
    call = "X1 inp inn outp outn vocm ib vdd 0 fda\nVd vdd 0 3\nIb vdd ib 5u\nC3 outp 0 30p\nC4 outn 0 30p\n"
    kick = (
        "Ep inp c outn outp 0.5\nEn inn c outp outn 0.5\nVc c 0 1.5\nVo vocm 0 dc 1.5 pulse(1.5 1.501 100n 1n 1n 1)\n"
    )
    run = ("tran 2n 9u 0 4n; let acm=(v(x1.a)+v(x1.b))/2", "acm")
    swing, frequency = swing_and_frequency(*ngspice(f"{MODELS}{cell}{call}{kick}.option reltol=1e-5\n", [run])[0])
    assert not 2e-3 < swing < 0.1
    if swing > 0.1:
        assert inner == "1p" and set(found.values()) == {None}
        assert "in testbench common: the circuit oscillates by itself at" in said
        heard = float(said.partition("by itself at ")[2].split()[0]) * 1e6
        assert heard == pytest.approx(frequency, rel=0.1)  # the transient's swing is already large
    else:
        assert inner == "10f" and None not in found.values() and "oscillates" not in said


@pytest.mark.parametrize("pair", cases(["40u", "4u"], "4u"))
def test_an_inner_oscillation_that_no_port_sees(pair: str, tmp_path: Path) -> None:
    cell = INNER_TANK.format(pair=pair)
    names = ("s21", "stability_factor", "noise_figure")
    spec = (
        "subckt: lna\nports: {in: rfin, out: rfout}\nbias: {vb: {voltage: 3}}\nparameters:\n  RD: {min: 3, max: 3k}\n"
        "testbenches:\n  ports: {template: low_noise_amplifier}\nspecs:\n"
        "  s21: {minimum: 1}\n  stability_factor: {minimum: 0.1}\n  noise_figure: {maximum: 9}\n"
    )
    found, said = measured(tmp_path, FAST, cell, spec)
    call = "X1 i2 o2 vb vdd 0 lna\nVd vdd 0 3\nVb vb 0 3\nCi i i2 1u\nCo o o2 1u\nRS s i 50\nRL o 0 50\nRF o2 0 1G\n"
    kick = "Vs s 0 dc 0 pulse(0 1m 0.1n 10p 10p 1)\n.option reltol=1e-5 method=gear\n"
    run = ("tran 2p 4n 0 2p; let x=v(x1.x)-v(x1.y)", "x")
    swing, frequency = swing_and_frequency(*ngspice(f"{FAST}{cell}{call}{kick}", [run])[0])
    assert not 2e-3 < swing < 0.1
    if swing > 0.1:
        assert pair == "40u" and {found[name] for name in names} == {None}
        assert float(said.partition("by itself at ")[2].split()[0]) * 1e9 == pytest.approx(frequency, rel=0.1)
    else:
        assert pair == "4u" and None not in found.values() and "oscillates" not in said


def test_words_that_tell_of_an_oscillation() -> None:
    assert tells_of_instability("the output oscillates") and not tells_of_instability("not settled")
    assert not tells_of_instability("whether the circuit oscillates is unknown")
    assert why_not_stable(None) == ""
    assert proves_stability("settling_time", 1e-6) and proves_stability("overshoot", 0.0)
    assert not proves_stability("phase_margin", -3.0) and not proves_stability("power", 1e-3)
    windows = frozenset({"f_start"})
    assert same_conditions({"load": 1e-12, "f_start": 1.0}, {"load": 1e-12, "f_start": 9.0, "hold": 1.0}, windows)
    assert not same_conditions({"load": 1e-12}, {"load": 2e-12}, windows)
    # a step in unity feedback says nothing of a loop that feeds half of its output back
    assert not same_conditions({"load": 1e-12, "feedback": 0.5}, {"load": 1e-12, "step": 1.0}, windows)


def test_the_sign_of_a_margin_agrees_with_the_modes_of_the_closed_loop() -> None:
    """Nyquist's criterion on the loop gain, and natural modes, of random sizes in a real process."""
    from eda_agent.run.evaluate_once import open_evaluator
    from eda_agent.simulation.soundness.observation import observe

    problem = load_problem(CIRCUITS / "three_stage_nmc")
    bench = problem.testbenches["loop"]
    probed = replace(bench, probes={**bench.probes, "modes": "all"})
    specs = tuple(spec for spec in problem.specs if spec.testbench == "loop")
    part = replace(problem, corners=problem.corners[:1], testbenches={"loop": probed}, specs=specs)
    draw, start = random.Random(1), part.space.to_unit(part.space.initial)
    sizings = [part.space.from_unit([at + (draw.random() - at) * 0.6 for at in start]) for _ in range(14)]
    signs = set()
    with open_evaluator(part, workers=1) as evaluator:
        for (seen,) in observe(evaluator, sizings, part.corners[0].name):
            margin = measure("phase_margin", seen.waves["ac"], seen.settings).value
            assert seen.mode is not None
            if margin is not None:
                assert (margin < 0) == grows(seen.mode)
                signs.add(margin < 0)
    assert signs == {False, True}
