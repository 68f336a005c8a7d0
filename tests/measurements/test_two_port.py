"""Two-ports: an attenuator in closed form, an amplifier against `sp` and a noisy source in plain ngspice."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics.two_port import stability
from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from tests.run.test_kinds_signed_off import KINDS, MODELS

VDD, FREQUENCY = 3.0, 2.4e9
NAMES = ("s11", "s21", "s12", "s22", "noise_figure", "stability_factor")
# a source behind a resistor that makes noise at the circuit's temperature; the load makes none
PORT = "V1 e1 0 dc 0 ac 1\nR1 e1 p1 50\nC1 p1 i 1\nC2 o p2 1\nG2 p2 0 p2 0 0.02\n"


def simulated(folder: Path, cell: str, wiring: str, size: str, celsius: float) -> dict[str, float]:
    from eda_agent.api import load, simulate

    (folder / "lna.spice").write_text(f"* two-port\n{cell}")
    bound = {"s11": "maximum: 1", "s12": "maximum: 1", "s22": "maximum: 1", "noise_figure": "maximum: 9"}
    (folder / "spec.yaml").write_text(
        f"circuit: lna.spice\nsubckt: lna\npdk: own\n{wiring}parameters:\n  {size}\n"
        "testbenches:\n  ports: {template: low_noise_amplifier}\nspecs:\n"
        + "".join(f"  {name}: {{{bound.get(name, 'minimum: -90')}}}\n" for name in NAMES)
        + f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: {celsius}}}\n"
    )
    found = simulate(load(folder))
    return {name: float(found[name]) for name in NAMES}


def ngspice(folder: Path, deck: str) -> dict[str, float]:
    (folder / "d.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=folder, capture_output=True, text=True, check=False).stdout
    return {name: float(value) for name, value in re.findall(r"^(\w+)\s*=\s*(-?[\d.]+e[-+]\d+)", said, re.MULTILINE)}


def test_an_attenuator_equals_its_closed_form(tmp_path: Path) -> None:
    """An attenuator at 290 K has a noise figure that is the inverse of its available gain."""
    ratio = 10 ** (6 / 20)
    series, shunt = 50 * (ratio**2 - 1) / (2 * ratio), 50 * (ratio + 1) / (ratio - 1)
    cell = f".subckt lna in out vss\nR1 in out {series}\nR2 in vss {shunt}\nR3 out vss {shunt * 1.1}\n.ends\n"
    wiring = "ports: {vdd: none}\n"
    found = simulated(tmp_path, cell, wiring, "R1: {min: 1, max: 100}", 16.85)
    # the network with both terminations; the shunt at the output is not the matched one
    ends = 1 / 50 + 1 / series + np.array([1 / shunt, 1 / (1.1 * shunt)])
    matrix = np.array([[ends[0], -1 / series], [-1 / series, ends[1]]])
    volts = np.linalg.inv(matrix) / 50
    s = 2 * volts - np.eye(2)
    for name, value in (("s11", s[0, 0]), ("s21", s[1, 0]), ("s12", s[0, 1]), ("s22", s[1, 1])):
        assert found[name] == pytest.approx(20 * math.log10(abs(value)), abs=5e-3), name
    # available gain of a passive network at the temperature of its source
    available = abs(s[1, 0]) ** 2 / (1 - abs(s[1, 1]) ** 2)
    assert found["noise_figure"] == pytest.approx(-10 * math.log10(available), abs=2e-3)
    assert found["stability_factor"] == pytest.approx(float(stability(s[0, 0], s[1, 0], s[0, 1], s[1, 1])), rel=1e-4)


def test_an_amplifier_equals_sp_and_a_noisy_source(tmp_path: Path) -> None:
    cell = f"{MODELS}.subckt lna {KINDS['lna'].circuit}\n.ends\n"
    wiring = "ports: {in: rfin, out: rfout}\nbias: {vb: {voltage: 1.5}}\n"
    found = simulated(tmp_path, cell, wiring, "LG: {min: 1n, max: 100n}", 27)
    supply = f"VS vdd 0 {VDD}\nVB vb 0 1.5\nX1 i o vb vdd 0 lna\nRI i 0 1T\nRO o 0 1T\n"
    ports = "V1 p1 0 dc 0 ac 1 portnum 1 z0 50\nV2 p2 0 dc 0 ac 0 portnum 2 z0 50\nC1 p1 i 1\nC2 o p2 1\n"
    show = "".join(f"let s{name} = db(s_{name[0]}_{name[1]}[1])\nprint s{name}\n" for name in ("11", "21", "12", "22"))
    step = FREQUENCY / 24
    plain = ngspice(
        tmp_path,
        f"* sp\n{cell}{supply}{ports}.control\nsp lin 3 {FREQUENCY - step} {FREQUENCY + step}\n{show}.endc\n.end\n",
    )
    for name in ("s11", "s21", "s12", "s22"):
        assert found[name] == pytest.approx(plain[name], abs=0.01), name
    sweep = f"lin 3 {FREQUENCY - step} {FREQUENCY + step}"
    noisy = ngspice(
        tmp_path,
        f"* noise\n{cell}{supply}{PORT}.control\nac {sweep}\nlet gain = abs(v(p2)[1])\nprint gain\nnoise v(p2) v1 {sweep}\n"
        "setplot noise1\nlet out = onoise_spectrum[1]\nprint out\n.endc\n.end\n",
    )
    density = 4 * 1.380649e-23 * 50 * noisy["gain"] ** 2
    factor = 1 + (noisy["out"] ** 2 - 300.15 * density) / (290 * density)
    assert found["noise_figure"] == pytest.approx(10 * math.log10(factor), abs=0.01) and factor > 1.05


def test_mu_and_rollett_agree_on_unconditional_stability() -> None:
    draw = np.random.default_rng(0)
    s = draw.normal(size=(4, 2000)) + 1j * draw.normal(size=(4, 2000))
    s11, s21, s12, s22 = s * np.array([[0.4], [1.0], [0.2], [0.4]])
    determinant = s11 * s22 - s12 * s21
    rollett = (1 - abs(s11) ** 2 - abs(s22) ** 2 + abs(determinant) ** 2) / (2 * abs(s12 * s21))
    stable = (rollett > 1) & (abs(determinant) < 1) & (abs(s11) < 1) & (abs(s22) < 1)
    assert np.array_equal(stability(s11, s21, s12, s22) > 1, stable) and 100 < stable.sum() < 1900


def amplifier(fed: bool) -> Structure:
    fets = (Fet("m1", "nmos", "d", "g", "s", "vss"), Fet("m2", "nmos", "out", "vb", "d", "vss"))
    passives = [Passive("lg", "l", ("in", "g")), Passive("ls", "l", ("s", "vss")), Passive("ld", "l", ("vdd", "out"))]
    passives += [] if fed else [Passive("rb", "r", ("g", "bias"))]
    fets += () if fed else (Fet("mb", "nmos", "bias", "bias", "vss", "vss"),)
    return Structure(("in", "out", "vb", "vdd", "vss"), fets, tuple(passives), "vdd", "vss")


@pytest.mark.parametrize("fed", [False, True])
def test_a_bias_from_outside_is_brought_by_a_feed(fed: bool) -> None:
    found = classify(amplifier(fed))
    assert found.name == "low-noise amplifier" and found.ports["in"] == "in" and found.bias == {"vb": "voltage"}
    assert ("feed" in found.benches[0].settings) is fed


def test_a_common_gate_takes_its_input_at_the_source() -> None:
    fets = (Fet("m0", "nmos", "rf", "vb", "x", "vss"), Fet("m1", "nmos", "x", "vb2", "vss", "vss"))
    passives = (Passive("c1", "c", ("ant", "x")), Passive("l0", "l", ("vdd", "rf")))
    ports = ("ant", "rf", "vb", "vb2", "vdd", "vss")
    found = classify(Structure(ports, fets, passives, "vdd", "vss"))
    assert found.name == "low-noise amplifier" and (found.ports["in"], found.ports["out"]) == ("ant", "rf")
    assert "feed" not in found.benches[0].settings and found.bias == {"vb": "voltage", "vb2": "voltage"}


def test_an_amplifier_without_current_is_said(tmp_path: Path) -> None:
    dead = KINDS["lna"].circuit.replace("RR vdd bias 10k", "RR vss bias 10k")
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt lna {dead}\n.ends\n")
    command = ["init", "c.spice", "--supply", "3", "--size", "LG"]
    said = subprocess.run([sys.executable, "-m", "eda_agent", *command], cwd=tmp_path, capture_output=True, text=True)
    assert "it does not amplify: s21 is at most" in said.stdout + said.stderr


@pytest.mark.parametrize(("least", "said"), [("minimum: 10", True), ("minimum: -12", False), ("", True)])
def test_an_amplifier_that_is_off_and_passes_its_input_by_capacitors_is_said(
    least: str, said: bool, tmp_path: Path
) -> None:
    """A device that is off passes part of the input: that is not signed off, unless a spec accepts the loss."""
    from eda_agent.problem.load import load_problem
    from eda_agent.run.evaluate_once import open_evaluator
    from eda_agent.simulation.soundness import judge

    dead = KINDS["lna"].circuit.replace("RR vdd bias 10k", "RR vss bias 10k") + "\nCF rfin rfout 150f"
    (tmp_path / "c.spice").write_text(f"* off\n{MODELS}.subckt lna {dead}\n.ends\n")
    spec = f"  s21: {{{least}}}\n" if least else ""
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: lna\npdk: own\nports: {in: rfin, out: rfout}\nbias: {vb: {voltage: 1.5}}\n"
        "parameters: {LG: {min: 5n, max: 20n}}\ntestbenches: {ports: {template: low_noise_amplifier}}\n"
        f"specs:\n{spec}  s11: {{maximum: 1}}\ncorners: {{n: {{process: tt, vdd: 3, temperature: 27}}}}\n"
    )
    with open_evaluator(load_problem(tmp_path / "spec.yaml"), cache=False) as evaluator:
        found = judge(evaluator)
    assert not found.refused
    assert [symptom.check for symptom in found.said] == (["attenuates a little"] if said else [])
    assert not said or "s21 is at most -" in found.said[0].did
