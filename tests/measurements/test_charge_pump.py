"""Charge pumps: a cross-coupled doubler against its closed form, a chain of diodes against a deck by hand; recognised
with one or two clocks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from tests.run.test_kinds_signed_off import KINDS, MODELS

VDD, LOAD, FREQUENCY, PUMPED, CURRENT, EDGE = 3.0, 10e-12, 10e6, 2e-12, 5e-6, 5e-10
# switches without a charge of their own
MODEL = ".model nch nmos level=1 vto=0.5 kp=50u tox=1 is=1f\n.model pch pmos level=1 vto=-0.5 kp=50u tox=1 is=1f\n"
DOUBLER = (
    ".subckt pump vdd clk clkb out vss\nMN1 a b vdd vss nch W=2u L=0.5u\nMN2 b a vdd vss nch W=2u L=0.5u\n"
    "MP1 out b a out pch W=4u L=0.5u\nMP2 out a b out pch W=4u L=0.5u\nCA a clk 2p\nCB b clkb 2p\n.ends\n"
)


def simulated(folder: Path, text: str, ports: str) -> dict[str, float]:
    from eda_agent.api import load, simulate

    (folder / "pump.spice").write_text(f"* pump\n{text}")
    (folder / "spec.yaml").write_text(
        f"circuit: pump.spice\nsubckt: pump\npdk: own\nports: {{out: out, clk: clk, {ports}vdd: vdd, vss: vss}}\n"
        "parameters:\n  MN1.w: {min: 1u, max: 20u}\n"
        f"testbenches:\n  run: {{template: charge_pump, frequency: {FREQUENCY}, edge: {EDGE}, load: {LOAD}, load_current: {CURRENT}}}\n"
        "specs:\n  pumped_voltage: {testbench: run, minimum: 1}\n  pump_ripple: {testbench: run, maximum: 1}\n"
        "  power: {testbench: run, maximum: 1}\n"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load(folder))
    return {name: float(found[name]) for name in ("pumped_voltage", "pump_ripple", "power")}


def by_hand(folder: Path) -> tuple[float, float]:
    """(power in W of the supply and both clocks, each voltage times its own current; ripple in V) in plain ngspice."""
    edges, half = f"{EDGE} {EDGE} {EDGE}", 0.5 / FREQUENCY
    deck = (
        f"* doubler\n{MODEL}{DOUBLER}V1 vdd 0 {VDD}\nX1 vdd c1 c2 out 0 pump\nI1 out 0 {CURRENT}\nC1 out 0 {LOAD}\n"
        f"V2 c1 0 pulse(0 {VDD} {edges} {half - EDGE} {2 * half})\n"
        f"V3 c2 0 pulse({VDD} 0 {edges} {half - EDGE} {2 * half})\n"
        "B1 p 0 v=-v(vdd)*i(v1)-v(c1)*i(v2)-v(c2)*i(v3)\n.option reltol=1e-5\n"
        f".tran {half / 100} {240 * half}\n.meas tran fed avg v(p) from={200 * half} to={240 * half}\n"
        f".meas tran ripple pp v(out) from={238 * half} to={240 * half}\n.end\n"
    )
    (folder / "d.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=folder, capture_output=True, text=True, check=True).stdout
    fed, ripple = (re.search(rf"^{name}\s*=\s*(\S+)", said, re.MULTILINE) for name in ("fed", "ripple"))
    assert fed and ripple, said
    return float(fed[1]), float(ripple[1])


def test_a_doubler_equals_its_closed_form(tmp_path: Path) -> None:
    found = simulated(tmp_path, MODEL + DOUBLER, "clkb: clkb, ")
    # each half period one capacitor gives the charge of the load; the supply gives it twice, once through the clock
    lost = CURRENT / (2 * FREQUENCY * PUMPED)
    assert found["pumped_voltage"] == pytest.approx(2 * VDD - lost, rel=0.01)
    # the switches conduct back at the edges of the clocks, which ideal ones would not
    power, ripple = by_hand(tmp_path)
    assert found["power"] == pytest.approx(power, rel=0.02) and found["power"] > 2 * VDD * CURRENT
    # between the load's charge of half a period on both capacitors, and of a whole one on its own
    assert found["pump_ripple"] == pytest.approx(ripple, rel=0.03)
    assert CURRENT / (2 * FREQUENCY) / (LOAD + PUMPED) < ripple < CURRENT / FREQUENCY / LOAD


def test_a_chain_of_diodes_equals_a_deck_by_hand(tmp_path: Path) -> None:
    cell = f"{MODELS}.subckt pump {KINDS['pump'].circuit}\n.ends\n"
    found = simulated(tmp_path, cell, "clkb: none, ")
    period = 1 / FREQUENCY
    deck = (
        f"* by hand\n{cell}V1 vdd 0 {VDD}\nV2 clk 0 pulse(0 {VDD} {EDGE} {EDGE} {EDGE}"
        f" {0.5 * period - EDGE} {period})\nX1 clk out vdd 0 pump\nI1 out 0 {CURRENT}\nC1 out 0 {LOAD}\n.option reltol=1e-5\n"
        f".tran {period / 200} {400 * period}\n.meas tran level avg v(out) from={380 * period} to={400 * period}\n"
        f".meas tran ripple pp v(out) from={380 * period} to={400 * period}\n"
        f".meas tran fed avg i(v1) from={380 * period} to={400 * period}\n.end\n"
    )
    (tmp_path / "p.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "p.cir"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    level, ripple, fed = (
        float(re.search(rf"^{name}\s*=\s*(\S+)", said, re.MULTILINE)[1])  # type: ignore[index]  # without it the test fails
        for name in ("level", "ripple", "fed")
    )
    assert found["pumped_voltage"] == pytest.approx(level, rel=3e-3) and level > 1.5 * VDD
    assert found["pump_ripple"] == pytest.approx(ripple, rel=0.03)
    # the clock drives gates alone, which take little
    assert found["power"] == pytest.approx(-fed * VDD, rel=0.03)


def test_an_output_that_still_rises_is_not_measured() -> None:
    time = np.linspace(0, 6e-6, 3001)
    wave = Waveform("tran", time, {"out": 1 - np.exp(-time / 1e-5)})
    assert measure("pumped_voltage", wave, {"frequency": 10e6}).value is None
    still = Waveform("tran", time, {"out": 5 + 0.01 * np.sin(2 * np.pi * 10e6 * time)})
    assert measure("pumped_voltage", still, {"frequency": 10e6}).value == pytest.approx(5, rel=1e-5)
    assert measure("pump_ripple", still, {"frequency": 10e6}).value == pytest.approx(0.02, rel=1e-2)


def nmos(name: str, drain: str, gate: str, source: str) -> Fet:
    return Fet(name, "nmos", drain, gate, source, "vss")


def test_capacitors_to_one_level_make_no_pump() -> None:
    chain = [nmos("m1", "vdd", "vdd", "a"), nmos("m2", "a", "a", "b"), nmos("m3", "b", "b", "out")]
    caps = (Passive("c1", "c", ("a", "clk")), Passive("c2", "c", ("b", "clkb")))
    ports = ("clk", "clkb", "out", "vdd", "vss")
    found = classify(Structure(ports, tuple(chain), caps, "vdd", "vss"))
    assert found.name == "charge pump" and found.ports["clk"] == "clk" and found.ports["clkb"] == "clkb"
    grounded = (Passive("c1", "c", ("a", "vss")), Passive("c2", "c", ("b", "vss")))
    assert classify(Structure(ports, tuple(chain), grounded, "vdd", "vss")).name != "charge pump"


def test_a_pump_whose_clock_stands_is_said(tmp_path: Path) -> None:
    dead = KINDS["pump"].circuit.replace("C1 a ck 5p", "C1 a ck 1f").replace("C2 b clkb 5p", "C2 b clkb 1f")
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt pump {dead}\n.ends\n")
    command = ["init", "c.spice", "--supply", "3", "--size", "MN1"]
    said = subprocess.run([sys.executable, "-m", "eda_agent", *command], cwd=tmp_path, capture_output=True, text=True)
    assert "does not pump: the clock moves out by" in said.stdout + said.stderr
