"""Analog switches: resistance, leakage and hold step against closed forms of level-1 models and a deck by hand."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform

VDD, VT, KP, WIDTH, OVERLAP, SATURATION, LOAD = 3.0, 0.5, 200e-6, 10.0, 1e-9, 1e-9, 1e-12
# without channel charge: the overlap alone couples, and without body effect the resistance has a closed form
MODEL = f".model nch nmos level=1 vto={VT} kp={KP} cgso={OVERLAP} cgdo={OVERLAP} tox=1 is={SATURATION}\n"
PASS = ".subckt sw in out g vss\nM1 out g in vss nch W=10u L=1u\n.ends\n"
GATE = """.model nch nmos level=1 vto=0.5 kp=200u cgso=200p cgdo=200p tox=8n gamma=0.4
.model pch pmos level=1 vto=-0.5 kp=80u cgso=200p cgdo=200p tox=8n gamma=0.4
.subckt sw in out g gb vdd vss
M1 out g in vss nch W=4u L=0.5u
M2 out gb in vdd pch W=8u L=0.5u
.ends
"""


def simulated(folder: Path, text: str, ports: str, settings: str) -> dict[str, float]:
    from eda_agent.api import load, simulate

    (folder / "sw.spice").write_text(f"* switch\n{text}")
    (folder / "spec.yaml").write_text(
        f"circuit: sw.spice\nsubckt: sw\npdk: own\nports: {{in: in, out: out, en: g, {ports}}}\n"
        "parameters:\n  M1.w: {min: 1u, max: 20u}\ntestbenches:\n"
        f"  conducts: {{template: switch_on{settings}}}\n  open: {{template: switch_off{settings}}}\n"
        f"  hold: {{template: switch_hold, edge: 1p{settings}}}\n"
        "specs:\n  on_resistance: {testbench: conducts, maximum: 1k}\n"
        "  off_leakage: {testbench: open, maximum: 1n}\n  hold_step: {testbench: hold, maximum: 1m}\n"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load(folder))
    return {name: float(found[name]) for name in ("on_resistance", "off_leakage", "hold_step")}


def test_a_pass_device_equals_its_closed_forms(tmp_path: Path) -> None:
    high = 1.5
    found = simulated(tmp_path, MODEL + PASS, "enb: none, vdd: none, vss: vss", f", signal_high: {high}")
    # triode: I = KP·W/L·((Vgs − Vt)·Vds − Vds²/2), where the input has fallen by the drop at the output
    drop = 10e-3
    worst = 1 / (KP * WIDTH * (VDD - (high - drop) - VT - drop / 2))
    assert found["on_resistance"] == pytest.approx(worst, rel=1e-4)
    # one junction at `high`, its bulk at 0
    assert found["off_leakage"] == pytest.approx(SATURATION, rel=0.01)
    # a fast edge of the whole supply at the divider of overlap and load
    overlap = OVERLAP * WIDTH * 1e-6
    assert found["hold_step"] == pytest.approx(VDD * overlap / (overlap + LOAD), rel=0.02)


def test_a_transmission_gate_equals_decks_by_hand(tmp_path: Path) -> None:
    found = simulated(tmp_path, GATE, "enb: gb, vdd: vdd, vss: vss", "")

    def ngspice(cards: str) -> str:
        (tmp_path / "hand.cir").write_text(f"* hand\n{GATE}Vdd vdd 0 {VDD}\nX1 in out g gb vdd 0 sw\n{cards}\n.end\n")
        return subprocess.run(
            ["ngspice", "-b", str(tmp_path / "hand.cir")], capture_output=True, text=True, check=False
        ).stdout

    # a current of the size that the drop causes, instead of the drop
    current = 10e-3 / found["on_resistance"]
    said = ngspice(
        f"Vg g 0 {VDD}\nVgb gb 0 0\nVin in 0 0\nI1 out 0 {current}\n.dc Vin 0 {VDD} 5m\n"
        ".meas dc most max par('v(in)-v(out)')"
    )
    assert found["on_resistance"] == pytest.approx(number(said, "most") / current, rel=0.01)
    steps = []
    for level in (0.0, VDD / 2, VDD):
        said = ngspice(
            f"Vg g 0 pwl(0 {VDD} 20n {VDD} 20.001n 0)\nVgb gb 0 pwl(0 0 20n 0 20.001n {VDD})\nVin in 0 {level}\n"
            f"C1 out 0 {LOAD}\n.option reltol=1e-5\n.tran 20p 40n\n.meas tran held find v(out) at=39n"
        )
        steps.append(abs(number(said, "held") - level))
    assert found["hold_step"] == pytest.approx(max(steps), rel=0.03)
    assert max(steps) > 1.2 * min(steps)


def number(said: str, name: str) -> float:
    found = re.search(rf"^{name}\s*=\s*(\S+)", said, re.MULTILINE)
    assert found, said
    return float(found[1])


def test_an_output_that_has_not_followed_has_no_hold_step() -> None:
    time = np.linspace(0, 5.6, 561)
    wave = Waveform("tran", time, {"in": np.ones(561), "out": 0.5 * np.ones(561)})
    found = measure("hold_step", wave, {"vdd": 1.0, "hold": 1.0})
    assert found.value is None and "has not followed" in found.why and found.wanted > 1
    still = measure(
        "hold_step", Waveform("tran", time, {"in": np.ones(561), "out": np.ones(561)}), {"vdd": 1, "hold": 1}
    )
    assert still.value == 0


def test_a_switch_that_does_not_conduct_has_no_resistance() -> None:
    wave = Waveform("dc", np.linspace(0, 1, 11), {"current": -np.linspace(0, 1e-3, 11)})
    assert measure("on_resistance", wave, {"drop": 0.01}).value is None
    wave = Waveform("dc", np.linspace(0, 1, 11), {"current": -np.linspace(1e-4, 1e-3, 11)})
    assert measure("on_resistance", wave, {"drop": 0.01}).value == pytest.approx(100)
