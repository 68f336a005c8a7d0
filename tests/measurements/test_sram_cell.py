"""SRAM cells: margins of drawn curves by another search for the square, a cell against noise sources in ngspice."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.structure.circuit import Fet, Structure
from tests.run.test_kinds_signed_off import KINDS, MODELS

VDD = 3.0
STEPS = np.linspace(0, 1, 201)


def inverter(at: float | np.ndarray, vdd: float, threshold: float, gain: float, low: float) -> np.ndarray:
    """A falling curve from `vdd` to `low`."""
    return low + (vdd - low) * (1 - np.tanh(gain * (np.asarray(at) - threshold))) / 2


def swept(vdd: float, first: tuple[float, float, float], second: tuple[float, float, float]) -> Waveform:
    """The sweep of a template for two curves: threshold, gain, low level."""
    forced = vdd * STEPS
    axis = np.concatenate([forced, vdd + forced[1:], [2.01 * vdd]])
    q = np.concatenate([forced, inverter(forced[1:], vdd, *second), [second[2]]])
    qb = np.concatenate([inverter(forced, vdd, *first), forced[1:], [vdd]])
    return Waveform("dc", axis, {"q": q, "qb": qb})


def largest_square(vdd: float, curve: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """The largest square with its lower left corner on `other`, drawn sideways, and its upper right one on `curve`."""
    sides = [0.0]
    for height in np.linspace(0, vdd, 4001):
        left = float(inverter(height, vdd, *other))

        def over(side: float, left: float = left, height: float = height) -> float:
            return float(inverter(left + side, vdd, *curve)) - height - side

        if over(0.0) > 0:
            sides.append(float(brentq(over, 0.0, vdd)))
    return max(sides)


@pytest.mark.parametrize("low", [0.0, 0.25])
def test_the_margin_is_the_smaller_of_the_two_largest_squares(low: float) -> None:
    vdd, first, second = 1.8, (0.8, 6.0, low), (1.0, 4.0, low)
    wave = swept(vdd, first, second)
    squares = largest_square(vdd, first, second), largest_square(vdd, second, first)
    name = "read_snm" if low else "hold_snm"
    assert measure(name, wave, {"vdd": vdd}).value == pytest.approx(min(squares), rel=0.01)
    assert squares[0] != pytest.approx(squares[1], rel=0.05)


def test_curves_with_one_crossing_have_a_write_margin_alone() -> None:
    # the access device pulls q down to 0.3 V: a square of the least size stands on the end of that curve
    wave = swept(1.8, (0.9, 6.0, 0.1), (-0.5, 3.0, 0.0))
    assert measure("read_snm", wave, {"vdd": 1.8}).value is None
    assert measure("write_snm", wave, {"vdd": 1.8}).value is not None
    held = swept(1.8, (0.9, 6.0, 0.1), (0.9, 6.0, 0.1))
    found = measure("write_snm", held, {"vdd": 1.8})
    assert found.value is None and "is not written" in found.why


def noisy(folder: Path, lines: str) -> float:
    """V of two opposite noise sources at the gates at which the cell changes its state, in plain ngspice."""
    cards = "Eg1 g1 n2 n 0 1\nEg2 g2 n1 n 0 -1\nVn n 0 0\n.dc vn 0 1.5 1m\n.meas dc flip when v(n1)=v(n2)\n"
    return ngspice(folder, cards, lines)["flip"]


def smallest_square(folder: Path, lines: str) -> float:
    """V: the side of the smallest square from the curve of a forced n2 up to that of a forced n1, where n1 is above n2,
    from two decks.
    """
    curves = []
    for forced, free, gate in (("n1", "n2", "g1"), ("n2", "n1", "g2")):
        # the loop is open: the gates of the free side are at the forced voltage
        other = "g2" if gate == "g1" else "g1"
        cards = f"Vf in 0 0\nVg {other} in 0\nVh {gate} 0 0\nVi {forced} in 0\n.dc vf 0 {VDD} 5m\n"
        cards += f".print dc v({free})\n"
        said = ngspice(folder, cards, lines, rows=True)
        curves.append(np.array(list(said.values())))
    at = np.linspace(0, VDD, len(curves[0]))
    sides = []
    for corner, height in zip(curves[1], at, strict=True):
        if corner >= height:
            sides.append(brentq(lambda side, x=corner, y=height: np.interp(x + side, at, curves[0]) - y - side, 0, VDD))
    return float(min(sides))


def ngspice(folder: Path, cards: str, lines: str, rows: bool = False) -> dict[str, float]:
    cell = KINDS["sram"].circuit.split("\n", 1)[1].replace("vss", "0")
    cell = re.sub(r"n1 n2 (?=0|vdd)", "n1 g1 ", re.sub(r"n2 n1 (?=0|vdd)", "n2 g2 ", cell))
    deck = f"* noise\n{MODELS}{cell}\nV1 vdd 0 {VDD}\n{lines}.nodeset v(n1)={VDD} v(n2)=0\n.option gmin=1e-15\n{cards}.end\n"
    (folder / "n.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "n.cir"], cwd=folder, capture_output=True, text=True, check=False).stdout
    if rows:
        return {row: float(value) for row, value in re.findall(r"^(\d+)\s+\S+\s+(\S+)\s*$", said, re.MULTILINE)}
    return {name: float(value) for name, value in re.findall(r"^(\w+)\s*=\s*(-?[\d.]+e[-+]\d+)", said, re.MULTILINE)}


def test_a_cell_equals_noise_sources_at_its_gates(tmp_path: Path) -> None:
    from eda_agent.api import load, simulate

    (tmp_path / "cell.spice").write_text(f"{MODELS}.subckt sram {KINDS['sram'].circuit}\n.ends\n")
    benches = {
        "hold": ("hold_snm", "cell_leakage"),
        "read": ("read_snm", "read_current"),
        "write": ("write_snm",),
    }
    specs = "".join(f"  {name}: {{testbench: {at}, minimum: 1f}}\n" for at, names in benches.items() for name in names)
    (tmp_path / "spec.yaml").write_text(
        "circuit: cell.spice\nsubckt: sram\npdk: own\nports: {q: n1, qb: n2}\nparameters:\n  MA1.w: {min: 0.5u, max: 2u}\n"
        "testbenches:\n" + "".join(f"  {at}: {{template: sram_{at}}}\n" for at in benches) + f"specs:\n{specs}"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load(tmp_path))
    values = {name: float(found[name]) for names in benches.values() for name in names}
    lines = "Vbl bl 0 {}\nVblb blb 0 3\nVwl wl 0 {}\n"
    hold = noisy(tmp_path, lines.format(3, 0))
    read = noisy(tmp_path, lines.format(3, 3))
    write = smallest_square(tmp_path, lines.format(0, 3))
    assert values["hold_snm"] == pytest.approx(hold, rel=0.02) and hold > read
    assert values["read_snm"] == pytest.approx(read, rel=0.02) and read > 0.1
    assert values["write_snm"] == pytest.approx(write, rel=0.01)
    quiet = "Vg1 g1 n2 0\nVg2 g2 n1 0\n.op\n.control\nrun\nlet fed = {}\nprint fed\n.endc\n"
    # the side of n2 is low here
    reading = ngspice(tmp_path, quiet.format("-i(vblb)"), lines.format(3, 3))["fed"]
    assert values["read_current"] == pytest.approx(reading, rel=1e-3) and reading > 1e-5
    leaking = ngspice(tmp_path, quiet.format("-i(v1)-i(vbl)-i(vblb)"), lines.format(3, 0))["fed"]
    assert values["cell_leakage"] == pytest.approx(leaking, rel=0.02)


@pytest.mark.parametrize(("door", "pull_up"), [("0.6u", "0.5u"), ("0.6u", "20u"), ("0.6u", "2.4u"), ("0.2u", "2.4u")])
def test_a_cell_has_a_write_margin_where_plain_ngspice_writes_it(door: str, pull_up: str, tmp_path: Path) -> None:
    from eda_agent.api import load, simulate

    text = KINDS["sram"].circuit.replace("W=0.6u", f"W={door}").replace("pch W=0.5u", f"pch W={pull_up}")
    (tmp_path / "cell.spice").write_text(f"{MODELS}.subckt sram {text}\n.ends\n")
    (tmp_path / "spec.yaml").write_text(
        "circuit: cell.spice\nsubckt: sram\npdk: own\nports: {q: n1, qb: n2}\nparameters:\n  MPD1.w: {min: 0.5u, max: 2u}\n"
        "testbenches:\n  write: {template: sram_write}\nspecs:\n  write_snm: {testbench: write, minimum: 1f}\n"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    # q is high, and its bit line falls from the supply to ground with the word line high
    deck = (
        f"* write\n{MODELS}{text.split(chr(10), 1)[1].replace('vss', '0')}\nV1 vdd 0 {VDD}\nVw wl 0 {VDD}\n"
        f"Vb blb 0 {VDD}\nVbl bl 0 pwl(0 {VDD} 1u 0 2u 0)\n.ic v(n1)={VDD} v(n2)=0\n.tran 1n 2u uic\n"
        ".meas tran q find v(n1) at=2u\n.meas tran qb find v(n2) at=2u\n.end\n"
    )
    (tmp_path / "w.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "w.cir"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    ends = {name: float(value) for name, value in re.findall(r"^(qb?)\s*=\s*(\S+)", said, re.MULTILINE)}
    found = simulate(load(tmp_path))["write_snm"]
    assert (found is not None) == (ends["q"] < ends["qb"]), (found, ends)


def cell(doors: tuple[str, str]) -> Structure:
    fets = [
        Fet(f"m{number}", kind, out, gate, rail, rail)
        for number, (kind, out, gate, rail) in enumerate(
            (kind, out, gate, rail)
            for kind, rail in (("nmos", "vss"), ("pmos", "vdd"))
            for out, gate in (("xdut.a", "xdut.b"), ("xdut.b", "xdut.a"))
        )
    ]
    fets += [Fet(f"md{net}", "nmos", line, "wl", f"xdut.{net}", "vss") for line, net in zip(doors, "ab", strict=True)]
    return Structure(("bl", "blb", "wl", "vdd", "vss"), tuple(fets), (), "vdd", "vss")


def test_bit_lines_name_the_storage_nets() -> None:
    found = classify(cell(("bl", "blb")))
    assert found.name == "SRAM cell" and found.ports["q"] == "a"
    assert classify(cell(("blb", "bl"))).ports["q"] == "b"
    assert classify(cell(("bl", "bl"))).name != "SRAM cell"


def test_a_cell_that_holds_nothing_is_said(tmp_path: Path) -> None:
    weak = KINDS["sram"].circuit + "\nR1 n1 n2 100"
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt sram {weak}\n.ends\n")
    command = ["init", "c.spice", "--supply", "3", "--size", "MA1"]
    said = subprocess.run([sys.executable, "-m", "eda_agent", *command], cwd=tmp_path, capture_output=True, text=True)
    assert "the cell holds no state" in said.stdout + said.stderr
