"""A regulator with a heavy load and a large capacitor: its sweep and its load step against decks written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

from .plain import ngspice

CELL = """.model nch nmos level=1 vto=0.5 kp=200u gamma=0.45 phi=0.8 lambda=0.06 tox=8n cgso=0.3n cgdo=0.3n
.model pch pmos level=1 vto=-0.55 kp=70u gamma=0.5 phi=0.8 lambda=0.08 tox=8n cgso=0.3n cgdo=0.3n
.subckt ldo vdd vss vref fb out ib
M1 x fb t vss nch W=20u L=1u
M2 y vref t vss nch W=20u L=1u
M3 x x vdd vdd pch W={W3} L=1u
M4 y x vdd vdd pch W={W3} L=1u
M5 t ib vss vss nch W=10u L=1u m=2
M6 ib ib vss vss nch W=10u L=1u
M7 vss y g vdd pch W=40u L=0.5u
M8 g pb vdd vdd pch W=10u L=1u m=4
M9 pb pb vdd vdd pch W=10u L=1u
M10 pb ib vss vss nch W=10u L=1u
MP out g vdd vdd pch W=4m L=0.5u
Cc out t2 3p
Rc t2 y 20k
.ends
"""
SPEC = """circuit: c.spice
subckt: ldo
pdk: own
bias: {ib: {current: 10u}}
parameters: {W3: {min: 5u, max: 20u}}
testbenches:
  line: {template: ldo_line, vref: 0.8, load_current: 5m}
  step: {template: ldo_step, vref: 0.8, load_current: 5m, load_low: 50u, load: 1u, esr: 20m}
specs:
  line_regulation: {testbench: line, unit: mV/V, maximum: 1}
  dropout: {testbench: line, unit: mV, maximum: 300}
  load_undershoot: {testbench: step, unit: mV, maximum: 20}
  load_overshoot: {testbench: step, unit: mV, maximum: 20}
corners: {one: {process: tt, vdd: 2.5, temperature: 27}}
"""
BENCH = "Vvss vss 0 0\nIb vdd ib 10u\nVref vref 0 0.8\nRt out fb 100k\nRb fb 0 200k\nXdut vdd 0 vref fb out ib ldo\n"


def test_sweep_and_load_step(tmp_path: Path) -> None:
    """The ideal load pulled the output of the unpowered regulator to −1.5 kV, and nothing was measured; the load step
    was 1.4 % off, for ngspice allows an error of the whole charge of the load.
    """
    (tmp_path / "c.spice").write_text(f"* regulator\n.param W3=10u\n{CELL}", encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    head = f".param W3=10u\n{CELL}{BENCH}.option reltol=1e-7 vntol=1e-9\n"
    [(supply, out)] = ngspice(head + "Vvdd vdd 0 2.5\nIload out 0 5m\n", [("dc vvdd 1.25 2.625 1m", "v(out)")])
    at = np.interp([2.375, 2.5, 2.625], supply, out)
    level = 0.98 * at[1]
    first = int(np.argmax((out >= level) & (supply > level)))
    assert values["line_regulation"] == pytest.approx(abs(at[2] - at[0]) / 0.25, rel=0.01)
    assert values["dropout"] == pytest.approx(float(supply[first] - level), abs=2e-3)
    pulse = "Vvdd vdd 0 2.5\nIload out 0 dc 50u pulse(50u 5m 5u 100n 100n 200u 1)\nCload out esr 1u\nResr esr 0 20m\n"
    [(time, wave)] = ngspice(head + pulse, [("tran 50n 1.2m 0 50n", "v(out)")])
    rest, loaded, end = (float(np.interp(moment, time, wave)) for moment in (4.9e-6, 204e-6, 1.2e-3))
    falls = (time > 5e-6) & (time < 205e-6)
    assert values["load_undershoot"] == pytest.approx(min(rest, loaded) - wave[falls].min(), rel=0.01)
    assert values["load_overshoot"] == pytest.approx(wave[time > 205e-6].max() - max(loaded, end), rel=0.01)
