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
Curve = tuple[float, float, float]


def inverter(at: float | np.ndarray, vdd: float, threshold: float, gain: float, low: float) -> np.ndarray:
    """A falling curve from `vdd` to `low`."""
    return low + (vdd - low) * (1 - np.tanh(gain * (np.asarray(at) - threshold))) / 2


def swept(vdd: float, first: Curve, second: Curve, mirrored: tuple[Curve, Curve] | None = None) -> Waveform:
    """The sweep of a template for two curves: threshold, gain, low level. `mirrored`: with the other bit line low."""
    forced = vdd * STEPS
    pairs = [(first, second), *([mirrored] if mirrored else [])]
    axes, q, qb = [], [], []
    for number, (one, other) in enumerate(pairs):
        start = 2.025 * vdd * number
        axes += [start + forced, start + 1.005 * vdd + forced, [start + 2.01 * vdd]]
        q += [forced, inverter(forced, vdd, *other), [other[2]]]
        qb += [inverter(forced, vdd, *one), forced, [vdd]]
    return Waveform("dc", np.concatenate(axes), {"q": np.concatenate(q), "qb": np.concatenate(qb)})


def largest_square(vdd: float, curve: Curve, other: Curve) -> float:
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
    pulled, strong = ((0.9, 6.0, 0.1), (-0.5, 3.0, 0.0)), ((-0.5, 3.0, 0.0), (0.9, 6.0, 0.1))
    wave = swept(1.8, *pulled, strong)
    assert measure("read_snm", wave, {"vdd": 1.8}).value is None
    assert measure("write_snm", wave, {"vdd": 1.8}).value is not None
    held = (0.9, 6.0, 0.1), (0.9, 6.0, 0.1)
    for first, second, kept in ((held, strong, "q"), (pulled, held, "qb")):
        found = measure("write_snm", swept(1.8, *first, second), {"vdd": 1.8})
        assert found.value is None and found.why.endswith(f"is not written into {kept}")


@pytest.mark.parametrize("gain", [0.9, 0.5, 0.2])
def test_curves_that_only_part_have_no_lobe(gain: float) -> None:
    # flat curves cross once, and the area beyond that crossing grows as the gain falls
    flat = (0.9, gain, 0.6)
    found = measure("read_snm", swept(1.8, flat, flat), {"vdd": 1.8})
    assert found.value is None and "one stable state" in found.why


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


def sized(one: str, other: str = "W=0.6u L=0.5u", pull_up: str = "0.5u") -> str:
    """The cell with these access devices at q and at qb."""
    text = KINDS["sram"].circuit.replace("pch W=0.5u", f"pch W={pull_up}")
    return re.sub(r"(MA1 .*nch) .*", rf"\1 {one}", re.sub(r"(MA2 .*nch) .*", rf"\1 {other}", text))


def in_the_program(folder: Path, text: str, bench: str, *names: str) -> list[float | None]:
    from eda_agent.api import load, simulate

    (folder / "cell.spice").write_text(f"{MODELS}.subckt sram {text}\n.ends\n")
    specs = "".join(f"  {name}: {{testbench: {bench}, minimum: 1f}}\n" for name in names)
    (folder / "spec.yaml").write_text(
        "circuit: cell.spice\nsubckt: sram\npdk: own\nports: {q: n1, qb: n2}\n"
        f"parameters:\n  MPD1.w: {{min: 0.5u, max: 2u}}\ntestbenches:\n  {bench}: {{template: sram_{bench}}}\n"
        f"specs:\n{specs}corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load(folder))
    return [found[name] for name in names]


def ends(folder: Path, text: str, lines: str, high: str) -> float:
    """V: n1 - n2 at the end of 2 us with the word line high in plain ngspice, one net high at the start."""
    levels = (VDD, 0) if high == "n1" else (0, VDD)
    deck = (
        f"* door\n{MODELS}{text.split(chr(10), 1)[1].replace('vss', '0')}\nV1 vdd 0 {VDD}\nVw wl 0 {VDD}\n{lines}"
        f".ic v(n1)={levels[0]} v(n2)={levels[1]}\n.tran 1n 2u uic\n"
        ".meas tran apart find par('v(n1)-v(n2)') at=2u\n.end\n"
    )
    (folder / "w.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "w.cir"], cwd=folder, capture_output=True, text=True, check=False).stdout
    return float(re.findall(r"^apart\s*=\s*(\S+)", said, re.MULTILINE)[0])


WIDE, WEAK = "W=0.6u L=0.5u", "W=0.2u L=0.5u"


@pytest.mark.parametrize(
    ("one", "other", "pull_up"),
    [
        (WIDE, WIDE, "0.5u"),
        (WIDE, WIDE, "20u"),
        (WIDE, WIDE, "2.4u"),
        (WEAK, WEAK, "2.4u"),
        (WIDE, WEAK, "2.4u"),
        ("W=60u L=0.5u", "W=60u L=0.5u", "0.5u"),
    ],
)
def test_a_cell_has_a_write_margin_where_plain_ngspice_writes_both_sides(
    one: str, other: str, pull_up: str, tmp_path: Path
) -> None:
    text = sized(one, other, pull_up)
    # one net is high, and its bit line falls from the supply to ground with the word line high
    fall = f"pwl(0 {VDD} 1u 0 2u 0)"
    written = (
        ends(tmp_path, text, f"Vb blb 0 {VDD}\nVbl bl 0 {fall}\n", "n1") < 0,
        ends(tmp_path, text, f"Vb blb 0 {fall}\nVbl bl 0 {VDD}\n", "n2") > 0,
    )
    (found,) = in_the_program(tmp_path, text, "write", "write_snm")
    assert (found is not None) == all(written), (found, written)
    assert other != WEAK or one == WEAK or written == (True, False)


@pytest.mark.parametrize("width", ["0.6u", "1.2u", "20u"])
def test_a_cell_has_a_read_margin_where_plain_ngspice_keeps_both_states(width: str, tmp_path: Path) -> None:
    text = sized(f"W={width} L=0.5u", f"W={width} L=0.5u")
    lines = f"Vb blb 0 {VDD}\nVbl bl 0 {VDD}\n"
    kept = [ends(tmp_path, text, lines, high) for high in ("n1", "n2")]
    margin, current = in_the_program(tmp_path, text, "read", "read_snm", "read_current")
    if width != "20u":
        assert min(kept[0], -kept[1]) > 0.5 and margin is not None
    else:
        assert max(map(abs, kept)) < 0.01 and margin is None and current is None


def test_the_weaker_side_counts(tmp_path: Path) -> None:
    one, other = (
        in_the_program(tmp_path, sized(*doors), "read", "read_current")[0] for doors in ((WEAK, WIDE), (WIDE, WEAK))
    )
    assert one == pytest.approx(other, rel=1e-3) and one is not None
    strong = in_the_program(tmp_path, sized(WIDE, WIDE), "read", "read_current")[0]
    assert strong is not None and one < 0.5 * strong


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


def test_a_cell_that_a_read_destroys_is_said(tmp_path: Path) -> None:
    door = "W=20u L=0.5u"
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt sram {sized(door, door)}\n.ends\n")
    command = ["init", "c.spice", "--supply", "3", "--size", "MA1"]
    said = subprocess.run([sys.executable, "-m", "eda_agent", *command], cwd=tmp_path, capture_output=True, text=True)
    assert "in testbench read: the cell loses its state while it is read" in said.stdout + said.stderr
