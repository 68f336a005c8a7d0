"""The energy of a gate for one pulse: that of its load in closed form, and a finer deck in plain ngspice."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from tests.run.test_kinds_signed_off import MODELS

VDD, HOLD = 3.0, 400e-9
CELL = f"{MODELS}.subckt inv in out vdd vss\nMN1 out in vss vss nch W=4u L=0.5u\nMP1 out in vdd vdd pch W=8u L=0.5u\n.ends\n"


def simulated(folder: Path, load: float) -> float:
    from eda_agent.api import load as load_circuit
    from eda_agent.api import simulate

    (folder / "inv.spice").write_text(f"* inverter\n{CELL}")
    (folder / "spec.yaml").write_text(
        "circuit: inv.spice\nsubckt: inv\npdk: own\nparameters:\n  MN1.w: {min: 1u, max: 20u}\n"
        f"testbenches:\n  pulse: {{template: logic, load: {load}, hold: {HOLD}}}\n"
        "specs:\n  switching_energy: {maximum: 1n}\n"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    return float(simulate(load_circuit(folder))["switching_energy"])


def test_a_large_load_takes_its_charge_times_the_supply(tmp_path: Path) -> None:
    # half of it stays in the load at first, and the fall turns it into heat too
    assert simulated(tmp_path, 20e-12) == pytest.approx(20e-12 * VDD**2, rel=0.03)


def test_a_small_load_equals_plain_ngspice(tmp_path: Path) -> None:
    found, edge = simulated(tmp_path, 10e-15), HOLD / 100
    deck = (
        f"* by hand\n{CELL}VS vdd 0 {VDD}\nX1 in out vdd 0 inv\nC1 out 0 10f\n"
        f"VI in 0 pulse(0 {VDD} {HOLD / 10} {edge} {edge} {HOLD - edge} {4 * HOLD})\n.option reltol=1e-5\n"
        f".tran {HOLD / 8000} {2.1 * HOLD} 0 {HOLD / 8000}\n"
        f".meas tran charge integ i(vs) from={0.05 * HOLD} to={2.05 * HOLD}\n.end\n"
    )
    (tmp_path / "d.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    charge = re.search(r"^charge\s*=\s*(\S+)", said, re.MULTILINE)
    assert charge and found == pytest.approx(-float(charge[1]) * VDD, rel=0.02) and found > 2 * 10e-15 * VDD**2


STARVED = """.subckt cell a y vdd vss
MN1 y a sn vss nch W=2u L=0.5u
MN2 sn bn vss vss nch W=2u L=2u
MP1 y a sp vdd pch W=4u L=0.5u
MP2 sp bp vdd vdd pch W=4u L=2u
VN bn vss 0.75
VP vdd bp 0.85
C1 y vss 50f
.ends
.subckt inv in out vdd vss
X1 in a vdd vss cell
X2 a b vdd vss cell
MN1 c b vss vss nch W=2u L=0.5u
MP1 c b vdd vdd pch W=4u L=0.5u
MN2 out c vss vss nch W=2u L=0.5u
MP2 out c vdd vdd pch W=4u L=0.5u
.ends
"""


def test_a_slow_delay_line_is_measured_in_a_window_in_which_it_switches(tmp_path: Path) -> None:
    """In the first one of 1 ns its output stays where it is: before, that had an energy, and edges of attoseconds."""
    from eda_agent.api import load as load_circuit
    from eda_agent.api import simulate

    (tmp_path / "inv.spice").write_text(f"* line\n{MODELS}{STARVED}")
    (tmp_path / "spec.yaml").write_text(
        "circuit: inv.spice\nsubckt: inv\npdk: own\nparameters:\n  MN2.w: {min: 1u, max: 20u}\n"
        "testbenches:\n  pulse: {template: logic, hold: 5n}\n"
        "specs:\n  switching_energy: {maximum: 1n}\n  rise_time: {maximum: 1}\n  fall_time: {maximum: 1}\n"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load_circuit(tmp_path))
    deck = (
        f"* by hand\n{MODELS}{STARVED}VS vdd 0 {VDD}\nX1 in out vdd 0 inv\nC1 out 0 10f\n"
        f"VI in 0 pulse(0 {VDD} 32n 50p 50p 320n 1)\n.option reltol=1e-5\n.tran 20p 672n 0 20p\n"
        ".meas tran charge integ i(vs) from=16n to=656n\n"
        ".meas tran rise trig v(out) val=0.3 rise=1 targ v(out) val=2.7 rise=1\n"
        ".meas tran fall trig v(out) val=2.7 fall=1 targ v(out) val=0.3 fall=1\n.end\n"
    )
    (tmp_path / "d.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    values = {name: float(value) for name, value in re.findall(r"^(charge|rise|fall)\s*=\s*(\S+)", said, re.MULTILINE)}
    assert found["switching_energy"] == pytest.approx(-values["charge"] * VDD, rel=0.02)
    assert found["rise_time"] == pytest.approx(values["rise"], rel=0.03)
    assert found["fall_time"] == pytest.approx(values["fall"], rel=0.03)


def test_an_output_that_has_not_returned_has_no_energy() -> None:
    time = np.linspace(0, 1, 101)
    wave = Waveform("tran", time, {"out": 2 * time, "supply": np.ones(101)})
    found = measure("switching_energy", wave, {"vdd": 2.0, "average_from": 0.1, "average_to": 0.9})
    assert found.value is None and "longer hold" in found.why


def test_an_output_that_has_not_switched_has_no_energy() -> None:
    time = np.linspace(0, 1, 101)
    wave = Waveform("tran", time, {"out": 0.1 * np.sin(np.pi * time), "supply": np.ones(101)})
    found = measure("switching_energy", wave, {"vdd": 2.0, "average_from": 0.1, "average_to": 0.9})
    assert found.value is None and found.why == "the output has not switched" and found.wanted > 1
