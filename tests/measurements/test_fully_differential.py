"""Fully differential amplifiers: plain ngspice on decks by hand, closed forms, and the wire of the common-mode loop cut
open.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform

from .plain import ngspice

MODELS = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n gamma=0.4
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n gamma=0.4
"""
AMPLIFIER = """.subckt fda inp inn outp outn vocm ib vdd vss
M0 ib ib vss vss nch W=10u L=1u
M5 t ib vss vss nch W=20u L=1u
M1 outn inp t vss nch W=20u L=0.5u
M2 outp inn t vss nch W=20u L=0.5u
M3 outn cm vdd vdd pch W=20u L=1u
M4 outp cm vdd vdd pch W=20u L=1u
R1 outp s 500k
R2 outn s 500k
M6 t2 ib vss vss nch W=10u L=1u
M7 cm vocm t2 vss nch W=5u L=0.5u
M8 d s t2 vss nch W=5u L=0.5u
M9 cm cm vdd vdd pch W=5u L=1u
M10 d d vdd vdd pch W=5u L=1u
.ends
"""
UNEQUAL = AMPLIFIER.replace("M1 outn inp t vss nch W=20u", "M1 outn inp t vss nch W=21u").replace(
    "M4 outp cm vdd vdd pch W=20u", "M4 outp cm vdd vdd pch W=20.2u"
)
BY_PORT = re.sub(r"(?m)^(R[12]|M[6-9]|M10) .*\n", "", AMPLIFIER).replace("vocm", "cm")
VDD, LOAD = 3.0, 1e-12
BIAS = f"Vdd vdd 0 {VDD}\nVss vss 0 0\nIb vdd ib 5u\nCp outp 0 {LOAD}\nCn outn 0 {LOAD}\n"
CALL = "Xdut inp inn outp outn vocm ib vdd vss fda\nVo vocm 0 1.5\n"
OPEN = "Ep inp c in 0 0.5\nEn inn c in 0 -0.5\n"
SLOW = "Ed d 0 outn outp 1\nRs d slow 1meg\nCs slow 0 1meg\n"
"""Feedback below a microhertz, for the operating point alone."""


def simulated(folder: Path, text: str, ports: str, benches: dict[str, tuple[str, str]]) -> dict[str, float]:
    """Metric → value in the program. `benches`: template → (settings, metrics)."""
    from eda_agent.api import load, simulate

    units = {"dc_gain": "dB", "phase_margin": "deg"}
    rows = [
        f"  {metric}: {{testbench: {template}, {f'unit: {units[metric]}, ' if metric in units else ''}maximum: 1}}"
        for template, (_, metrics) in benches.items()
        for metric in metrics.split()
    ]
    (folder / "fda.spice").write_text(f"* amplifier\n{MODELS}{text}")
    (folder / "spec.yaml").write_text(
        f"circuit: fda.spice\nsubckt: fda\npdk: own\nports: {{{ports}}}\nbias: {{ib: {{current: 5u}}}}\n"
        "parameters:\n  M5.w: {min: 1u, max: 80u}\ntestbenches:\n"
        + "".join(f"  {template}: {{template: {template}{how}}}\n" for template, (how, _) in benches.items())
        + "specs:\n" + "\n".join(rows)
        + f"\ncorners:\n  nominal: {{process: tt, vdd: {VDD:g}, temperature: 27}}\n"
    )  # fmt: skip
    found = simulate(load(folder))
    return {metric: float(found[metric]) for _, metrics in benches.values() for metric in metrics.split()}


def unity(frequency: np.ndarray, transfer: np.ndarray) -> tuple[float, float]:
    """(unity-gain frequency, phase there in degrees from the sign at DC)."""
    level = np.log(np.abs(transfer))
    where = int(np.flatnonzero((level[:-1] > 0) & (level[1:] <= 0))[0])
    share = level[where] / (level[where] - level[where + 1])
    phase = np.degrees(np.unwrap(np.angle(transfer * np.sign(transfer[0].real))))
    axis = np.log(frequency)
    at = axis[where] + share * (axis[where + 1] - axis[where])
    return math.exp(at), float(np.interp(at, axis, phase))


def test_the_differential_loop_equals_the_open_amplifier_in_plain_ngspice(tmp_path: Path) -> None:
    metrics = "dc_gain gbw phase_margin input_noise power output_cm_error"
    found = simulated(
        tmp_path,
        AMPLIFIER,
        "control: none, cmfb: cm",
        {
            "differential_loop": ("", metrics),
            "differential_step": (", step: 20m, hold: 400n", "settling_time slew_rate_up"),
            "differential_swing": ("", "output_swing"),
        },
    )
    deck = f"{MODELS}{AMPLIFIER}{CALL}{BIAS}Vc c 0 1.5\nVin in 0 dc 0 ac 1\n{OPEN}"
    still, response, noise, sweep = ngspice(
        deck,
        [
            ("op", "v(outp) v(outn) i(vdd)"),
            ("ac dec 50 1 10g; let dm=v(outp)-v(outn)", "dm"),
            ("noise v(outp,outn) vin dec 10 1k 100k; setplot noise1", "inoise_spectrum"),
            ("dc vin -40m 40m 0.1m; let dm=v(outp)-v(outn)", "dm"),
        ],
    )
    transfer = response[1] + 1j * response[2]
    assert found["dc_gain"] == pytest.approx(20 * math.log10(abs(transfer[0])), abs=0.01)
    frequency, phase = unity(response[0], transfer)
    assert found["gbw"] == pytest.approx(frequency, rel=1e-4)
    assert found["phase_margin"] == pytest.approx(180 + phase, abs=0.3)
    assert found["input_noise"] == pytest.approx(np.interp(1e4, noise[0], noise[1]), rel=1e-3)
    middle = (still[1][0] + still[2][0]) / 2
    assert found["output_cm_error"] == pytest.approx(abs(middle - 1.5), rel=1e-4)
    assert found["power"] == pytest.approx(-still[3][0] * VDD, rel=1e-3)
    # one pole: a small step settles in its time constants
    assert found["settling_time"] == pytest.approx(math.log(100) / (2 * math.pi * frequency), rel=0.03)
    # in feedback the slope is −A/(1 + A): 10 % off where A is 9
    gain = np.diff(sweep[1]) / np.diff(sweep[0])
    inside = sweep[1][1:][gain > 9]
    assert found["output_swing"] == pytest.approx(inside.max() - inside.min(), rel=0.02)


def test_the_common_mode_loop_equals_the_cut_wire_in_plain_ngspice(tmp_path: Path) -> None:
    metrics = "cm_loop_gain cm_gbw cm_phase_margin"
    bench = {"common_mode_loop": ("", metrics)}
    found = simulated(tmp_path, AMPLIFIER, "control: none, cmfb: cm", bench)
    # the gates of the loads become a port, and a source of 0 V closes the wire again
    cut = AMPLIFIER.replace(" ib vdd vss\n", " ib vdd vss cm g\n", 1).replace(
        " cm vdd vdd pch W=20u", " g vdd vdd pch W=20u"
    )
    call = CALL.replace(" fda", " cm g fda")
    base = f"{MODELS}{cut}{call}{BIAS}Vp inp 0 1.5\nVn inn 0 1.5\n"
    sweep = ("ac dec 20 1k 10g", "v(g) i(vw)")
    by_voltage = ngspice(f"{base}Vw g cm dc 0 ac 1\nIw 0 cm dc 0 ac 0\n", [sweep])[0]
    by_current = ngspice(f"{base}Vw g cm dc 0 ac 0\nIw 0 cm dc 0 ac 1\n", [sweep])[0]
    a, c = by_voltage[1] + 1j * by_voltage[2], -(by_voltage[3] + 1j * by_voltage[4])
    d, b = by_current[1] + 1j * by_current[2], -(by_current[3] + 1j * by_current[4])
    loop = 1 / (a + b - 2 * (a * b - c * d)) - 1
    frequency, phase = unity(by_voltage[0], loop)
    assert found["cm_loop_gain"] == pytest.approx(20 * math.log10(abs(loop[0])), abs=0.01)
    # Cgd of the loads is a way back, which the two definitions count differently
    assert found["cm_gbw"] == pytest.approx(frequency, rel=0.02)
    assert found["cm_phase_margin"] == pytest.approx(180 + phase, abs=0.5)


def test_a_control_port_gets_an_ideal_feedback(tmp_path: Path) -> None:
    bench = {"common_mode_loop": (", f_start: 1k", "cm_gbw cm_phase_margin output_cm_error")}
    found = simulated(tmp_path, BY_PORT, "vocm: none, control: cm", bench)
    deck = f"{MODELS}{BY_PORT}Xdut inp inn outp outn cm ib vdd vss fda\n{BIAS}Vp inp 0 1.5\nVn inn 0 1.5\n"
    # the control at which the outputs stand at 1.5 V: a follower of their mean, closed by a very slow filter
    deck += "Em m 0 outp 0 1\nRs m slow 1meg\nCs slow 0 1meg\nVin x 0 dc 0 ac 1\nEb y x slow vocm 1000\nVo vocm 0 1.5\n"
    deck += "Vh z y 1.5\nEc cm 0 z 0 1\n"
    response = ngspice(deck, [("ac dec 50 1k 10g", "v(outp)")])[0]
    frequency, phase = unity(response[0], response[1] + 1j * response[2])
    assert found["cm_gbw"] == pytest.approx(frequency, rel=1e-3)
    assert found["cm_phase_margin"] == pytest.approx(180 + phase, abs=0.05)
    assert found["output_cm_error"] < 2e-3


def test_unequal_halves_have_the_rejection_and_balance_of_decks_by_hand(tmp_path: Path) -> None:
    benches = {"differential_cmrr": ("", "cmrr"), "differential_balance": ("", "output_balance")}
    found = simulated(tmp_path, UNEQUAL, "control: none, cmfb: cm", benches)
    base = f"{MODELS}{UNEQUAL}{CALL}{BIAS}{SLOW}"
    drive = "Ep inp c2 in 0 0.5\nEn inn c3 in 0 -0.5\nEf c2 c slow 0 0.5\nEg c3 c slow 0 -0.5\n"
    run = [("ac lin 1 1k 1k; let dm=v(outp)-v(outn); let cm=v(outp)/2+v(outn)/2", "dm cm")]
    gain = ngspice(f"{base}{drive}Vc c 0 1.5\nVin in 0 dc 0 ac 1\n", run)[0]
    common = ngspice(f"{base}{drive}Vc c 0 dc 1.5 ac 1\nVin in 0 dc 0\n", run)[0]
    size = [abs(complex(part[1][0], part[2][0])) for part in (gain, common)]
    # in feedback the common mode's output is divided by 1 + A, not by A
    assert found["cmrr"] == pytest.approx(20 * math.log10((1 + size[0]) / size[1]), abs=0.01)
    assert 60 < found["cmrr"] < 100
    balance = size[0] / abs(complex(gain[3][0], gain[4][0]))
    assert found["output_balance"] == pytest.approx(20 * math.log10(balance), abs=0.01)


@given(
    st.lists(st.floats(0.1, 10), min_size=2, max_size=2),
    st.lists(st.floats(-50, 50).filter(lambda value: abs(value) > 0.1), min_size=2, max_size=2),
)
def test_the_loop_between_two_nets_is_the_return_ratio_of_a_unilateral_loop(
    loads: list[float], ways: list[float]
) -> None:
    from eda_agent.problem.loop_probe import Injection
    from eda_agent.simulation.loop_gain import measure_loop

    admittance = np.array([[loads[0], ways[0]], [ways[1], loads[1]]])
    if abs(np.linalg.det(admittance)) < 1e-3:
        return
    impedance = np.linalg.inv(admittance)
    level = {"v1": 0.0, "v2": 0.0}

    def read(name: str) -> np.ndarray:
        currents = np.array([level["v1"], level["v2"]])
        return np.array([(impedance @ currents)[{"o": 0, "x": 1}[name.split(".")[1]]]], dtype=complex)

    _, loop = measure_loop(Injection("v1", "o", "v2", {}, "x"), level.__setitem__, lambda: "ac1", read)
    assert loop[0].real == pytest.approx(-ways[0] * ways[1] / (loads[0] * loads[1]), rel=1e-6)
    assert set(level.values()) == {0.0}


def test_equal_halves_have_a_bound_of_balance() -> None:
    axis = np.array([1.0, 10.0, 1e3, 1e6])
    wave = Waveform("ac", axis, {"ocm": np.full(4, 1e-16), "out": np.ones(4)})
    found = measure("output_balance", wave, {"at_frequency": 1e3})
    assert found.bound == ">" and found.value == 200
