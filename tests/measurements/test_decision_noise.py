"""The noise of a clocked comparator's decision against decisions of plain ngspice with noise sources."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

BOLTZMANN, VDD, LOSS = 1.380649e-23, 1.8, 20e3
MODELS = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 tox=1u
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 tox=1u
"""
LATCH = """M0 tail clk vss vss nch w={2*W} l=1u
M1 xn inp tail vss nch w={2*W} l=1u
M2 xp inn tail vss nch w={2*W} l=1u
M3 outn outp xn vss nch w={W} l=1u
M4 outp outn xp vss nch w={W} l=1u
M5 outn outp vdd vdd pch w={W} l=1u
M6 outp outn vdd vdd pch w={W} l=1u
M7 outn clk vdd vdd pch w={W} l=1u
M8 outp clk vdd vdd pch w={W} l=1u
M9 xn clk vdd vdd pch w={W} l=1u
M10 xp clk vdd vdd pch w={W} l=1u
C1 xn vss {C}
C2 xp vss {C}
R1 xn vss {R}NOISY
R2 xp vss {R}NOISY
"""


def noise(
    folder: Path, load: str = "20f", noisy: str = "", sizes: str = "W=10u C=20f R=20k", latch: str = LATCH
) -> float:
    body = latch.replace("NOISY", noisy)
    (folder / "c.spice").write_text(
        f"* latch\n{MODELS}.subckt cmp inp inn outp outn clk vdd vss\n{body}.param {sizes}\n.ends\n"
    )
    (folder / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: cmp\npdk: own\nparameters: {W: {min: 1u, max: 100u}}\n"
        f"testbenches: {{t: {{template: comparator_noise, load: {load}}}}}\n"
        "specs: {decision_noise: {testbench: t, unit: V, maximum: 1m}}\n"
        f"corners: {{nominal: {{process: tt, vdd: {VDD}, temperature: 27}}}}\n"
    )
    return measure_once(load_problem(folder / "spec.yaml"))["decision_noise"] or math.nan


def test_decisions_with_noise_sources_are_normally_distributed_with_this_noise(tmp_path: Path) -> None:
    """The share of two resistors is what is left out without their noise. Sources of their density times a factor make
    the decisions at one standard deviation right in 84 of 100.
    """
    share = math.sqrt(noise(tmp_path) ** 2 - noise(tmp_path, noisy=" noisy=0") ** 2)
    wanted, sample, period, count = 5e-3, 20e-12, 4e-9, 200
    density = 4 * BOLTZMANN * 300.15 / LOSS * (wanted / share) ** 2
    sources = "".join(
        f"I{n} {n} 0 dc 0 trnoise({math.sqrt(density / 2 / sample)} {sample} 0 0)\n" for n in ("xn", "xp")
    )
    circuit = LATCH.replace("NOISY", "").replace("vss", "0")
    for name, value in (("2*W", "20u"), ("W", "10u"), ("C", "20f"), ("R", "20k")):
        circuit = circuit.replace(f"{{{name}}}", value)
    deck = (
        f"* decisions\n{MODELS}{circuit}{sources}Vdd vdd 0 {VDD}\nVp inp 0 {VDD / 2 + wanted / 2}\n"
        f"Vn inn 0 {VDD / 2 - wanted / 2}\nVc clk 0 pulse(0 {VDD} {period / 2} 0.1n 0.1n {period / 2 - 0.1e-9} {period})\n"
        "Cp outp 0 20f\nCn outn 0 20f\n.control\nsetseed 5\nset wr_vecnames\nset wr_singlescale\n"
        f"tran 40p {count * period} 0 40p\nwrdata d.txt v(outp,outn)\n.endc\n.end\n"
    )
    (tmp_path / "d.cir").write_text(deck)
    subprocess.run(["ngspice", "-b", "d.cir"], cwd=tmp_path, capture_output=True, check=False)
    rows = np.loadtxt(tmp_path / "d.txt", skiprows=1)
    held = np.interp((np.arange(count) + 0.97) * period, rows[:, 0], rows[:, 1])
    assert np.mean(np.abs(held) > VDD / 2) > 0.97
    right = float(np.mean(held > 0))
    error = 3 * math.sqrt(0.84 * 0.16 / count)
    assert norm.cdf(1) - error < right < norm.cdf(1) + error


def test_four_times_the_widths_and_capacitances_is_half_of_the_noise(tmp_path: Path) -> None:
    one, four = noise(tmp_path), noise(tmp_path, "80f", sizes="W=40u C=80f R=5k")
    assert one / four == pytest.approx(2, rel=0.01)


def test_an_offset_has_no_noise(tmp_path: Path) -> None:
    assert math.isnan(
        noise(tmp_path, latch=LATCH.replace("M1 xn inp tail vss nch w={2*W}", "M1 xn inp tail vss nch w={3*W}"))
    )
