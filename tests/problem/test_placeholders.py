"""Netlists for optimizers, whose sizes are names without a value, and decks whose sources say what a port is."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import Draft, guesses_of, read_circuit, write_draft
from eda_agent.problem.draft.targets import NO_SIZES
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

N5, P5 = "sky130_fd_pr__nfet_g5v0d10v5", "sky130_fd_pr__pfet_g5v0d10v5"
N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
# one cross-coupled stage: the wells stand on the output, which is above the supply
PUMP = f"""* pump
Vdd vdd 0 1.8
Vclk1 clk1 0 PULSE(0 1.8 0 1n 1n 49n 100n)
Vclk2 clk2 0 PULSE(0 1.8 50n 1n 1n 49n 100n)
XMN1 a b vdd 0 {N5} W={{Wn}}u L={{Lnm}}u nf=1
XMN2 b a vdd 0 {N5} W={{Wn}}u L={{Lnm}}u nf=1
XMP1 vout b a vout {P5} W={{Wp}}u L={{Lp}}u nf=1
XMP2 vout a b vout {P5} W={{Wp}}u L={{Lp}}u nf=1
Ca a clk1 {{Cfly}}p
Cb b clk2 {{Cfly}}p
Rl vout 0 100k
.end
"""
REGULATOR = f"""* regulator of a database
ITAIL etail vss dc {{i_tail}}
R1 vout fb {{top}}
R2 fb vss {{bottom}}
VREF vref vss dc {{vref_val}}
XM1 noutm fb etail vss {N} l=l1 w=w1
XM2 egate vref etail vss {N} l=l1 w=w1
XM3 noutm noutm vdd vdd {P} l=l3 w=w3
XM4 egate noutm vdd vdd {P} l=l3 w=w3
XMP vout egate vdd vdd {P} l=lp w=wp m=mp
.end
"""


def drafted(folder: Path, text: str) -> tuple[Draft, Problem, str]:
    (folder / "c.cir").write_text(text)
    draft = read_circuit(folder / "c.cir", folder, "sky130A")
    # values at starting sizes are no basis of targets
    written = write_draft(draft, draft.source.name, {"pumped_voltage": 0.2, "load_regulation": 2e3, "dropout": 1.0})
    (folder / "spec.yaml").write_text(written)
    return draft, load_problem(folder / "spec.yaml"), written


def test_a_unit_behind_a_name_is_the_names(tmp_path: Path) -> None:
    draft, problem, text = drafted(tmp_path, PUMP)
    start = problem.space.initial
    # starting sizes of the 5 V devices, in metres, and the usual capacitor
    assert 0.5e-6 <= start["lnm"] <= 5e-6 and 1e-6 <= start["wn"] <= 100e-6 and start["cfly"] == pytest.approx(1e-12)
    (said,) = (note for note in draft.changed if "took the unit behind them" in note)
    assert "({Wn}u, {Lnm}u," in said
    assert f"pumped_voltage: {{testbench: run, unit: V, minimum: 3}}  # a common value; {NO_SIZES}" in text


def test_a_name_with_a_value_keeps_its_unit(tmp_path: Path) -> None:
    (tmp_path / "c.cir").write_text(PUMP.replace("* pump\n", "* pump\n.param Cfly=2\n"))
    draft = read_circuit(tmp_path / "c.cir", tmp_path, "sky130A")
    assert "{Cfly}p" in draft.netlist_text and "{Wn}u" not in draft.netlist_text


def test_the_supply_is_what_the_deck_drives_not_the_pumped_output(tmp_path: Path) -> None:
    draft, _, _ = drafted(tmp_path, PUMP)
    assert draft.structure.vdd == "vdd"
    assert {"out": "vout", "clk": "clk1", "clkb": "clk2"}.items() <= draft.kind.ports.items()


@pytest.mark.parametrize(("top", "bottom", "level"), [("10k", "10k", 0.675), ("30k", "10k", 0.338)])
def test_a_reference_leaves_a_regulator_headroom(tmp_path: Path, top: str, bottom: str, level: float) -> None:
    given = f"* regulator of a database\n.param top={top} bottom={bottom}\n"
    draft, problem, text = drafted(tmp_path, REGULATOR.replace("* regulator of a database\n", given))
    assert draft.kind.name == "regulator with its divider"
    (guess,) = (one for one in guesses_of(draft) if one.what == "voltage of vref")
    # three quarters of 1.8 V over the divider
    assert f"vref: {{voltage: {level * 1e3:g}m}}" in text and "three quarters of the supply" in guess.why
    # the file's own source does not hold the port too
    assert "vref vss dc" not in draft.netlist_text.lower()
    assert f"load_regulation: {{testbench: load, unit: Ohm, maximum: 5}}  # a common value; {NO_SIZES}" in text
    assert {"w1", "wp", "mp"} <= set(problem.space.names)


EXTRACTED = f"""* a regulator as extracted: its divider is equal units, two above the tap, below it two and two in parallel
.subckt reg vdd vss vref out ib
X1 d tap t vss {N} w=4 l=1
X2 g vref t vss {N} w=4 l=1
X3 d d vdd vdd {P} w=8 l=1
X4 g d vdd vdd {P} w=8 l=1
X5 t ib vss vss {N} w=4 l=1
X6 ib ib vss vss {N} w=4 l=1
X7 out g vdd vdd {P} w=100 l=0.5
X8 out a vss sky130_fd_pr__res_xhigh_po w=0.35 l=8
X9 a tap vss sky130_fd_pr__res_xhigh_po w=0.35 l=8
X10 tap b vss sky130_fd_pr__res_xhigh_po w=0.35 l=8
X11 b c vss sky130_fd_pr__res_xhigh_po w=0.35 l=8
X12 c vss vss sky130_fd_pr__res_xhigh_po w=0.35 l=8
X13 c vss vss sky130_fd_pr__res_xhigh_po w=0.35 l=8
.ends
"""


def test_a_reference_follows_a_divider_of_units(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(EXTRACTED)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    (guess,) = (one for one in guesses_of(draft) if one.what == "voltage of vref")
    # 2.5 of 4.5 units are below the tap: 0.75 · 1.8 V · 2.5 / 4.5
    assert guess.value == "750 mV"
