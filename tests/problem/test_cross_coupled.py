"""Cross-coupled oscillators are told from latches: by what joins their drains or sources at DC."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from tests.run.test_kinds_signed_off import KINDS, MODELS
from tests.run.test_signoff_circuits import run

PAIR = [Fet("m1", "nmos", "a", "b", "s", "vss"), Fet("m2", "nmos", "b", "a", "t", "vss")]
TAILS = [Fet("m3", "nmos", "s", "bias", "vss", "vss"), Fet("m4", "nmos", "t", "bias", "vss", "vss")]
JOINED = [Fet("m1", "nmos", "a", "b", "s", "vss"), Fet("m2", "nmos", "b", "a", "s", "vss"), TAILS[0]]
COILS = [Passive("l1", "l", ("vdd", "a")), Passive("l2", "l", ("vdd", "b"))]
LOADS = [Passive("r1", "r", ("vdd", "a")), Passive("r2", "r", ("vdd", "b"))]
BETWEEN = Passive("c", "c", ("s", "t"))


def kind_of(fets: list[Fet], passives: list[Passive], ports: str = "a b bias") -> str:
    names = (*ports.split(), "vdd", "vss")
    return classify(Structure(names, tuple(fets), tuple(passives), "vdd", "vss")).name


@pytest.mark.parametrize(
    ("fets", "passives", "kind"),
    [
        (JOINED, COILS, "oscillator"),
        (JOINED, [Passive("l1", "l", ("a", "b")), *LOADS], "oscillator"),
        ([*PAIR, *TAILS], [BETWEEN, *LOADS], "oscillator"),
        # a latch: each state holds
        (JOINED, LOADS, ""),
        ([*PAIR, *TAILS], LOADS, ""),
        # a coil on one side alone leaves the other apart at DC
        (JOINED, [COILS[0], LOADS[1]], ""),
    ],
)
def test_what_cannot_stay_in_a_state_oscillates(fets: list[Fet], passives: list[Passive], kind: str) -> None:
    assert kind_of(fets, passives) == kind


def test_a_port_of_varactors_tunes() -> None:
    found = classify(Structure(("a", "b", "bias", "vtune", "vdd", "vss"), tuple(JOINED), tuple(COILS), "vdd", "vss"))
    assert found.name == "voltage-controlled oscillator" and found.ports["vctrl"] == "vtune"
    assert "vtune" not in found.bias and found.bias["b"] == "open"


def bounds(folder: Path) -> list[float | None]:
    (one,) = (spec for spec in load_problem(folder).specs if spec.name == "oscillation_frequency")
    return [one.minimum, one.maximum]


def test_a_given_frequency_has_two_bounds(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt lc {KINDS['lc'].circuit}\n.ends\n")
    run(tmp_path, "init", "c.spice", "--supply", "3", "--no-sim", "--setting", "frequency=800M")
    assert bounds(tmp_path) == pytest.approx([760e6, 840e6], rel=0.001)


def test_the_frequency_is_that_of_its_tank_and_of_plain_ngspice(tmp_path: Path) -> None:
    cell = f"{MODELS}.subckt lc {KINDS['lc'].circuit}\n.ends\n"
    (tmp_path / "c.spice").write_text(cell)
    run(tmp_path, "init", "c.spice", "--supply", "3")
    spec = (tmp_path / "spec.yaml").read_text()
    now = re.search(r"oscillation_frequency: .*# now ([\d.]+) MHz", spec)
    assert now, spec
    assert float(now[1]) == pytest.approx(1e-6 / (2 * math.pi * math.sqrt(2 * 20e-9 * 2e-12)), rel=0.03)
    # a frequency that nothing tunes has two bounds
    assert bounds(tmp_path) == pytest.approx([0.95e6 * float(now[1]), 1.05e6 * float(now[1])], rel=0.005)
    assert "[L1, L2]" in spec and "match: [[MN1, MN2]" in spec
    deck = (
        f"* lc\n{cell}V1 vdd 0 3\nX1 outp outn vdd 0 lc\nC1 outp 0 5f\nI1 outp 0 pulse(0 200u 0 1p 1p 1n 1)\n"
        ".option trtol=1 reltol=1e-5\n.tran 10p 120n\n.print tran v(outp)\n.end\n"
    )
    (tmp_path / "p.cir").write_text(deck)
    shown = subprocess.run(["ngspice", "-b", "p.cir"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    rows = np.array(
        [[float(word) for word in row.split()[1:3]] for row in re.findall(r"^\d+\s+\S+\s+\S+", shown, re.M)]
    )
    time, out = rows[rows[:, 0] > 60e-9].T
    middle = (out.max() + out.min()) / 2
    rises = np.flatnonzero((out[:-1] < middle) & (out[1:] >= middle))
    moments = time[rises] + (middle - out[rises]) / (out[rises + 1] - out[rises]) * np.diff(time)[rises]
    assert float(now[1]) == pytest.approx(1e-6 * (moments.size - 1) / np.ptp(moments), rel=5e-3)


@pytest.mark.parametrize("port", ["clk", "vb"])
def test_a_clocked_pair_with_a_latch_is_no_amplifier(port: str, tmp_path: Path) -> None:
    cell = f"""M0 t {port} vss vss nch W=5u L=0.5u
M1 on ip t vss nch W=9u L=0.5u
M2 op in t vss nch W=9u L=0.5u
M3 on op vdd vdd pch W=2u L=0.5u
M4 op on vdd vdd pch W=2u L=0.5u
"""
    (tmp_path / "c.spice").write_text(f"* latch\n{MODELS}.subckt c ip in op on {port} vdd vss\n{cell}.ends\n")
    command = [sys.executable, "-m", "eda_agent", "init", "c.spice", "--supply", "3"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = found.stdout + found.stderr
    assert "whether it compares or amplifies: a latch alone loads its input pair" in said
    assert "fully differential amplifier" not in said
