"""What schematics of others bring: rail-to-rail inputs, followers that close their own loop, quotients in quotes, taps,
capacitors with a model, supplies that a pulse switches on or that their name tells.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.problem.draft.circuit import read_circuit
from eda_agent.problem.draft.conditions import supply_of
from eda_agent.problem.draft.port_names import volts_named
from tests.run.test_signoff_circuits import run

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"


def rail_to_rail(ports: str, minus: str, plus: str, out: str, *more: str) -> str:
    """Complementary pairs with a mirror of currents each, summed in a cascode of both types, and a second stage."""
    lines = [
        f"XM1 a {minus} t vss {N} W=8 L=0.5", f"XM2 b {plus} t vss {N} W=8 L=0.5", f"XM3 t bn vss vss {N} W=8 L=1",
        f"XM4 c {minus} s vdd {P} W=20 L=0.5", f"XM5 d {plus} s vdd {P} W=20 L=0.5", f"XM6 s bp vdd vdd {P} W=20 L=1",
        f"XM7 a m vdd vdd {P} W=20 L=1", f"XM8 b m vdd vdd {P} W=20 L=1", f"XM9 m bc a vdd {P} W=10 L=0.5",
        f"XM10 o bc b vdd {P} W=10 L=0.5", f"XM11 m bk c vss {N} W=5 L=0.5", f"XM12 o bk d vss {N} W=5 L=0.5",
        f"XM13 c bn vss vss {N} W=8 L=1", f"XM14 d bn vss vss {N} W=8 L=1",
        f"XM15 {out} o vdd vdd {P} W=40 L=0.3", f"XM16 {out} bn vss vss {N} W=16 L=1", f"CC {out} o 2p",
        f"XB1 bn bn vss vss {N} W=4 L=1", f"XB2 bp bp vdd vdd {P} W=10 L=1", "RB bn bp 40k",
        "R1 vdd bk 30k", "R2 bk bc 20k", "R3 bc vss 30k",
    ]  # fmt: skip
    return "\n".join([f".subckt amp {ports}", *lines, *more, ".ends", ""])


def drafted(folder: Path, text: str, *options: str) -> tuple[str, str]:
    (folder / "amp.spice").write_text(text)
    return run(folder, "init", "amp.spice", *options), (folder / "spec.yaml").read_text()


def test_inputs_of_complementary_pairs_are_no_clocks(tmp_path: Path) -> None:
    # a third device on each tail takes its current over, as a common-mode gate does
    extra = (f"XM20 a bm t vss {N} W=8 L=0.5 nf=2", f"XM21 b bm t vss {N} W=8 L=0.5 nf=4", f"XB3 bm bm vss vss {N} W=1 L=4", "R4 vdd bm 90k")  # fmt: skip
    said, spec = drafted(tmp_path, rail_to_rail("inp inn out vdd vss", "inn", "inp", "out", *extra), "--no-sim")
    assert said.startswith("amp: op-amp") and "ports: {}" not in spec and "clk" not in spec
    # a width that others follow stays legal in each finger of theirs
    run(tmp_path, "check", "spec.yaml")


def test_an_output_that_is_its_own_input_is_a_buffer(tmp_path: Path) -> None:
    said, spec = drafted(tmp_path, rail_to_rail("in out vdd vss", "out", "in", "out"))
    assert said.startswith("amp: buffer")
    gain = re.search(r"voltage_gain: .*# now ([\d.]+)", spec)
    assert gain and 0.98 < float(gain[1]) < 1.02


def test_an_output_that_is_its_own_plain_input_is_no_buffer(tmp_path: Path) -> None:
    (tmp_path / "amp.spice").write_text(rail_to_rail("in out vdd vss", "in", "out", "out"))
    assert read_circuit(tmp_path / "amp.spice", tmp_path).kind.name == ""


def test_a_slash_in_quotes_divides(tmp_path: Path) -> None:
    inverter = [
        f".subckt inv a y vdd vss\nXN y a vss vss {N} W=1 L=0.15 nrd='0.29 / W' nrs='0.29 / W'",
        f"XP y a vdd vdd {P} W=2 L=0.15 nrd='0.29 / W'\n.ends\n",
    ]
    cdl = ".subckt two a y vdd vss\nXI1 a m vdd vss / inv\nXI2 m y vdd vss / inv\n.ends\n"
    said, spec = drafted(tmp_path, cdl + "\n".join(inverter))
    assert "slashes between nets and cells were left out" in said and re.search(r"rise_time: .*# now ", spec)


def test_taps_become_wires_and_capacitors_calls(tmp_path: Path) -> None:
    text = (
        ".subckt inv a y vdd vss\nM1 y a vss sub sg13_lv_nmos w=1u l=0.13u ng=1 m=1\n"
        "M2 y a vdd nw sg13_lv_pmos w=2u l=0.13u ng=1 m=1\nR1 vdd nw ntap1 A=15p P=53u\nR2 vdd nw ntap1 A=15p P=53u\n"
        "RS vss sub ptap1 w=0.78u l=0.78u\nC1 y vss cap_cmim w=9e-6 l=3e-6 m=1\n.ends\n"
    )
    (tmp_path / "inv.cdl").write_text(text)
    draft = read_circuit(tmp_path / "inv.cdl", tmp_path)
    assert draft.netlist_text.count(" vdd nw 0") == 1 and "VRS vss sub 0" in draft.netlist_text
    assert "XC1 y vss cap_cmim" in draft.netlist_text and draft.kind.name == "gate"


@pytest.mark.parametrize(
    ("source", "volts"),
    [
        ("Vdd vdd 0 PULSE(0 1.6 5u 1u 1u 1m)", 1.6),
        ("Vdd vdd 0 pwl 0 0 1u 1.5 2u 1.2", 1.5),
        ("Vdd vdd 0 1.7", 1.7),
        ("Vdd vdd 0 pwl(0 0 1u {top})", 1.8),
    ],
)
def test_a_supply_that_is_switched_on_is_as_high_as_its_pulse(tmp_path: Path, source: str, volts: float) -> None:
    deck = f"* deck\nXN y a 0 0 {N} W=1 L=0.15\nXP y a vdd vdd {P} W=2 L=0.15\n{source}\nVin a 0 0\n.tran 1n 1u\n.end\n"
    (tmp_path / "deck.spice").write_text(deck)
    assert supply_of(read_circuit(tmp_path / "deck.spice", tmp_path)) == volts


@pytest.mark.parametrize(
    ("name", "volts"),
    [("vdd_1v8", 1.8), ("avdd3p3", 3.3), ("VAPWR", 3.3), ("vccd1", 1.8), ("vdd", 0), ("vpwr", 0), ("v1p", 0), ("vin2v", 0)],
)  # fmt: skip
def test_a_rail_says_its_voltage(name: str, volts: float) -> None:
    assert volts_named(name) == volts


def test_a_deck_with_nets_in_capitals_gives_its_supply_and_clock(tmp_path: Path) -> None:
    caps = "C1 ck a 5p\nC2 cb b 5p\n"
    inverters = (
        f"XN1 ck clk gnd gnd {N} W=4 L=0.15\nXP1 ck clk vpwr vpwr {P} W=8 L=0.15\n"
        f"XN2 cb ck gnd gnd {N} W=4 L=0.15\nXP2 cb ck vpwr vpwr {P} W=8 L=0.15\n"
    )
    chain = f"XN3 vpwr vpwr a gnd {N} W=4 L=0.3\nXN4 a a b gnd {N} W=4 L=0.3\nXN5 b b out gnd {N} W=4 L=0.3\n"
    (tmp_path / "tb.spice").write_text(
        "* bench\nX1 VDD CLK UA GND pump\nV1 VDD GND 1.6\nV2 CLK GND PULSE(0 1.6 0 1n 1n 249n 500n)\nC1 UA 0 3p\n"
        f".tran 1n 10u\n.subckt pump vpwr clk out gnd\n{inverters}{chain}{caps}.ends\n.end\n"
    )
    run(tmp_path, "init", "tb.spice", "--no-sim")
    spec = (tmp_path / "spec.yaml").read_text()
    assert "{template: charge_pump, load: 3p, frequency: 2M, load_current: 1u}" in spec and "vdd: 1.6" in spec
