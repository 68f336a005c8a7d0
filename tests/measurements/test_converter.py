"""Converters: a ladder with an error against its network in numpy, steered currents in closed form and ngspice."""

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
from eda_agent.problem.structure.circuit import Fet, Mirror, Passive, Structure

VDD, BITS, HIGH = 3.0, 4, 21e3
LADDER = "".join(f"RL{bit} d{bit} x{bit} {HIGH if bit == 3 else 20e3}\n" for bit in range(BITS))
LADDER += "RT x0 vss 20k\n" + "".join(f"RS{bit} x{bit} x{bit + 1} 10k\n" for bit in range(BITS - 1))
STEERED = (
    ".model nch nmos level=1 vto=0.5 kp=200u\n.subckt dac d3 d2 d1 d0 db3 db2 db1 db0 ib iout ioutb vdd vss\n"
    "MB ib ib vss vss nch W=1u L=1u\n"
    + "".join(
        f"MS{bit} t{bit} ib vss vss nch W={2**bit * (1.05 if bit == 3 else 1)}u L=1u\nMA{bit} iout d{bit} t{bit} vss nch"
        f" W=20u L=0.5u\nMC{bit} ioutb db{bit} t{bit} vss nch W=20u L=0.5u\n"
        for bit in range(BITS)
    )
    + "RW vdd vss 1MEG\n.ends\n"
)


def simulated(folder: Path, cell: str, wiring: str, bench: str, scale: str, size: str) -> dict[str, float]:
    from eda_agent.api import load, simulate

    names = ("inl", "dnl", scale, "power")
    (folder / "dac.spice").write_text(f"* converter\n{cell}")
    (folder / "spec.yaml").write_text(
        f"circuit: dac.spice\nsubckt: dac\npdk: own\n{wiring}parameters:\n  {size}\ntestbenches:\n  codes: {{{bench}}}\n"
        "specs:\n" + "".join(f"  {name}: {{minimum: 1f}}\n" if name not in {"inl", "dnl"} else f"  {name}: {{maximum: 1}}\n" for name in names)
        + f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )  # fmt: skip
    found = simulate(load(folder))
    return {name: float(found[name]) for name in names}


def ladder() -> tuple[np.ndarray, float]:
    """(V at every code, W at the largest code) of the ladder by its conductance matrix."""
    network = np.zeros((BITS, BITS))
    legs = np.array([1 / (HIGH if bit == 3 else 20e3) for bit in range(BITS)])
    network += np.diag(legs)
    network[0, 0] += 1 / 20e3
    for bit in range(BITS - 1):
        network[bit : bit + 2, bit : bit + 2] += np.array([[1, -1], [-1, 1]]) / 10e3
    bits = np.array([[VDD * (code >> bit & 1) for bit in range(BITS)] for code in range(2**BITS)])
    nodes = np.linalg.solve(network, (bits * legs).T).T
    return nodes[:, -1], float(np.sum((bits[-1] - nodes[-1]) * legs * bits[-1]))


def test_a_ladder_equals_its_network(tmp_path: Path) -> None:
    wiring = "ports: {b0: d0, b1: d1, b2: d2, b3: d3, out: x3, vdd: none, vss: vss}\n"
    cell = f".subckt dac d3 d2 d1 d0 x3 vss\n{LADDER}.ends\n"
    found = simulated(tmp_path, cell, wiring, "template: dac_voltage, bits: 4", "full_scale", "RT: {min: 1k, max: 1M}")
    out, power = ladder()
    step = (out[-1] - out[0]) / 15
    assert found["inl"] == pytest.approx(np.max(np.abs((out - out[0]) / step - np.arange(16))), rel=1e-4)
    assert found["dnl"] == pytest.approx(np.max(np.abs(np.diff(out) / step - 1)), rel=1e-4) and found["dnl"] > 0.1
    assert found["full_scale"] == pytest.approx(out[-1] - out[0], rel=1e-5)
    # the bits take their current from the supply
    assert found["power"] == pytest.approx(power, rel=1e-4)


def test_steered_currents_equal_their_weights_and_plain_ngspice(tmp_path: Path) -> None:
    bits = ", ".join(f"b{bit}: d{bit}, nb{bit}: db{bit}" for bit in range(BITS))
    wiring = f"ports: {{{bits}, out: iout, outb: ioutb, vdd: vdd, vss: vss}}\nbias: {{ib: {{current: 5u}}}}\n"
    bench = "template: dac_current, bits: 4, compliance: 0.8*vdd"
    found = simulated(tmp_path, STEERED, wiring, bench, "full_scale_current", "RW: {min: 1k, max: 10M}")
    # in saturation without channel length modulation a current is its width
    step = (7 + 8 * 1.05) / 15
    assert found["dnl"] == pytest.approx(abs((8 * 1.05 - 7) / step - 1), rel=2e-3)
    assert found["full_scale_current"] == pytest.approx(15 * step * 5e-6, rel=2e-3)
    currents = []
    for code in (0, 7, 8, 15):
        on = [VDD * (code >> bit & 1) for bit in range(BITS)]
        levels = "".join(f"V{bit} d{bit} 0 {on[bit]}\nVB{bit} db{bit} 0 {VDD - on[bit]}\n" for bit in range(BITS))
        nets = "d3 d2 d1 d0 db3 db2 db1 db0 ib o ob vdd 0"
        deck = f"* one code\n{STEERED}{levels}VD vdd 0 {VDD}\nIB 0 ib 5u\nVO o 0 2.4\nVOB ob 0 2.4\nX1 {nets} dac\n"
        (tmp_path / "c.cir").write_text(f"{deck}.op\n.control\nrun\nprint -i(vo)\n.endc\n.end\n")
        said = subprocess.run(["ngspice", "-b", "c.cir"], cwd=tmp_path, capture_output=True, text=True, check=False)
        currents.append(float(re.search(r"-i\(vo\)\s*=\s*(\S+)", said.stdout)[1]))  # type: ignore[index]  # without it the test fails
    scale = (currents[3] - currents[0]) / 15
    assert found["full_scale_current"] == pytest.approx(15 * scale, rel=1e-4)
    assert found["dnl"] == pytest.approx(abs((currents[2] - currents[1]) / scale - 1), rel=1e-3)


@pytest.mark.parametrize("falls", [False, True])
def test_nonlinearity_of_a_drawn_transfer(falls: bool) -> None:
    out = np.array([0.0, 1.0, 2.5, 3.0, 4.0, 4.5, 6.0, 7.0]) * (-0.1 if falls else 0.1) + 1
    wave = Waveform("dc", np.arange(8.0), {"out": out})
    settings = {"bits": 3.0, "vdd": 1.0}
    values = {name: measure(name, wave, settings).value for name in ("inl", "dnl", "full_scale")}
    assert values == pytest.approx({"inl": 0.5, "dnl": 0.5, "full_scale": 0.7})
    assert "6 of 8 codes" in measure("inl", Waveform("dc", np.arange(6.0), {"out": out[:6]}), settings).why


def test_a_ladder_and_steered_currents_are_recognised() -> None:
    legs = [Passive(f"rl{bit}", "r", (f"d<{bit}>", f"x{bit}")) for bit in range(3)]
    legs += [Passive(f"rs{bit}", "r", (f"x{bit}", "out" if bit == 2 else f"x{bit + 1}")) for bit in range(3)]
    ports = ("d<2>", "d<1>", "d<0>", "out", "vss")
    found = classify(Structure(ports, (), tuple(legs), "", "vss"))
    assert found.name == "digital-to-analog converter" and [found.ports[f"b{bit}"] for bit in range(3)] == [
        *ports[2::-1]
    ]
    assert found.ports["vdd"] == "none" and found.benches[0].template == "dac_voltage"
    copies = tuple(Fet(f"ms{bit}", "nmos", f"t{bit}", "ib", "vss", "vss") for bit in range(2))
    doors = [Fet(f"ma{bit}", "nmos", "iout", f"b{bit}", f"t{bit}", "vss") for bit in range(2)]
    diode = Fet("mb", "nmos", "ib", "ib", "vss", "vss")
    steered = Structure(
        ("b1", "b0", "ib", "iout", "vss"), (diode, *copies, *doors), (), "", "vss", mirrors=(Mirror(diode, copies),)
    )
    found = classify(steered)
    assert found.benches[0].template == "dac_current" and found.bias == {"ib": "source"}


def test_bits_in_the_wrong_order_are_said(tmp_path: Path) -> None:
    cell = LADDER.replace("RL3 d3", "RL3 e").replace("RL0 d0", "RL0 d3").replace("RL3 e", "RL3 d0")
    (tmp_path / "c.spice").write_text(f"* ladder\n.subckt dac d3 d2 d1 d0 out vss\n{cell.replace('x3', 'out')}.ends\n")
    command = [sys.executable, "-m", "eda_agent", "init", "c.spice", "--supply", "3", "--pdk", "own"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    words = said.stdout + said.stderr
    assert "moves the output less than" in words and "the order of the bits" in words
