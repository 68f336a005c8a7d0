"""Drafts start where a designer would: first values by the kind of circuit, inputs at which a comparator decides, and
an enable that starts a ring.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.problem.draft import read_answers
from eda_agent.problem.load import load_problem
from eda_agent.run.drafting import draft_spec
from eda_agent.run.evaluate_once import measure_once

PUMP = """* a doubler and its load, all sizes by name
.subckt pump vdd ck ckb vout vss
xa a b vdd vss sky130_fd_pr__nfet_g5v0d10v5 w={wn} l={lx}
xb b a vdd vss sky130_fd_pr__nfet_g5v0d10v5 w={wn} l={lx}
xc vout b a vout sky130_fd_pr__pfet_g5v0d10v5 w={wp} l={lp}
xd vout a b vout sky130_fd_pr__pfet_g5v0d10v5 w={wp} l={lp}
ca a ck {cfly}
cb b ckb {cfly}
rl vout vss {rload}
.ends
"""
REGULATOR = """* a regulator, all sizes by name
.subckt ldo vdd vref ib out vss
xa d fb t vss sky130_fd_pr__nfet_01v8 w=wp1 l=lp1
xb e vref t vss sky130_fd_pr__nfet_01v8 w=wp1 l=lp1
xc d d vdd vdd sky130_fd_pr__pfet_01v8 w=wm l=lm
xd e d vdd vdd sky130_fd_pr__pfet_01v8 w=wm l=lm
xt t ib vss vss sky130_fd_pr__nfet_01v8 w=wt l=lt
xi ib ib vss vss sky130_fd_pr__nfet_01v8 w=wt l=lt
xo out e vdd vdd sky130_fd_pr__pfet_01v8 w=wo l=lo m=mo
r1 out fb ra
r2 fb vss rb
.ends
"""
MODELS = """.model nch nmos level=1 vto={vto} kp=200u lambda=0.05 tox=4n cgso=0.3n cgdo=0.3n
.model pch pmos level=1 vto=-0.4 kp=80u lambda=0.05 tox=4n cgso=0.3n cgdo=0.3n
"""
LATCH = """.subckt cmp inp inn outp outn clk vdd vss
m0 t clk vss vss nch w=4u l=0.2u
m1 x inp t vss nch w=4u l=0.2u
m2 y inn t vss nch w=4u l=0.2u
m3 outn outp x vss nch w=2u l=0.2u
m4 outp outn y vss nch w=2u l=0.2u
m5 outn outp vdd vdd pch w=2u l=0.2u
m6 outp outn vdd vdd pch w=2u l=0.2u
m7 outn clk vdd vdd pch w=2u l=0.2u
m8 outp clk vdd vdd pch w=2u l=0.2u
m9 x clk vdd vdd pch w=1u l=0.2u
m10 y clk vdd vdd pch w=1u l=0.2u
.ends
"""


def drafted(folder: Path, text: str, **options: object) -> tuple[dict, str]:
    (folder / "c.spice").write_text(text)
    found = draft_spec(folder / "c.spice", force=True, **options)
    return found, (folder / "spec.yaml").read_text()


def test_the_load_of_a_pump_without_a_value_is_no_size_and_lets_it_pump(tmp_path: Path) -> None:
    found, text = drafted(tmp_path, PUMP, answers=read_answers(supply="1.8"))
    assert found["kind"] == "charge pump" and "rload" not in text
    assert ".param rload=1meg" in Path(found["netlist"]).read_text()
    # a doubler gives less than twice the supply, and more than the supply
    assert 1.8 < found["measured"]["pumped_voltage"] < 3.6


def test_an_output_device_without_sizes_carries_the_load_of_its_regulator(tmp_path: Path) -> None:
    found, _ = drafted(tmp_path, REGULATOR)
    sizes = dict(re.findall(r"\.param (\w+)=(\S+)", Path(found["netlist"]).read_text()))
    assert float(sizes["wo"]) * float(sizes["mo"]) / float(sizes["lo"]) == pytest.approx(750, rel=0.02)
    assert found["measured"]["dropout"] < 0.2 and found["measured"]["load_regulation"] < 20


@pytest.mark.parametrize(("vto", "mode"), [(0.3, "500 mV"), (0.56, "750 mV")])
def test_a_comparator_that_half_of_the_supply_leaves_off_is_measured_above_it(
    vto: float, mode: str, tmp_path: Path
) -> None:
    found, _ = drafted(tmp_path, MODELS.replace("{vto}", str(vto)) + LATCH, pdk="own", answers=read_answers(supply="1"))
    assert [guess["value"] for guess in found["guessed"] if guess["what"] == "common mode"] == [mode]
    assert found["measured"]["delay"] is not None


GROUNDED = """* inputs on ground below a latch with switches, its clock behind two inverters
.model nmos nmos level=1 vto=0.7 kp=100u lambda=0.05 tox=14n cgso=0.3n cgdo=0.3n
.model pmos pmos level=1 vto=-0.9 kp=40u lambda=0.05 tox=14n cgso=0.3n cgdo=0.3n
.subckt low clk vm vp q qb vdd vss
ma x vp vss vss nmos w=4u l=1u
mb y vm vss vss nmos w=4u l=1u
mc c b x vss nmos w=4u l=1u
md d a y vss nmos w=4u l=1u
me a k c vss nmos w=4u l=1u
mf b k d vss nmos w=4u l=1u
mg a b vdd vdd pmos w=4u l=1u
mh b a vdd vdd pmos w=4u l=1u
mi a k vdd vdd pmos w=4u l=1u
mj b k vdd vdd pmos w=4u l=1u
mk n clk vss vss nmos w=2u l=1u
ml n clk vdd vdd pmos w=4u l=1u
mm k n vss vss nmos w=2u l=1u
mn k n vdd vdd pmos w=4u l=1u
mo q a vss vss nmos w=2u l=1u
mp q a vdd vdd pmos w=4u l=1u
mq qb b vss vss nmos w=2u l=1u
mr qb b vdd vdd pmos w=4u l=1u
.ends
"""


def test_inputs_on_ground_below_a_latch_are_a_pair_and_cards_named_by_polarity_are_its_models(tmp_path: Path) -> None:
    found, text = drafted(tmp_path, GROUNDED, answers=read_answers(supply="5", settings=["frequency=20M"]))
    assert (found["kind"], found["pdk"], found["doubts"][1:]) == ("comparator", "own", [])
    # vp pulls a down, and the inverter behind a raises q
    assert "ports: {inp: vp, inn: vm, outp: q, outn: qb}" in text
    assert ["MA", "MB"] in [[name.upper() for name in group] for group in found["matched"]]
    assert found["measured"]["delay"] is not None and "decides" not in " ".join(found["noticed"])


def test_an_enable_lets_one_edge_go_around_a_starved_ring(tmp_path: Path) -> None:
    """Its frequency is that of plain ngspice, where the ring rests before the enable rises."""
    count = 8
    cells = "".join(
        f"mn{i} n{i + 1} n{i} lo vss nch w=1u l=0.2u\nmp{i} n{i + 1} n{i} hi vdd pch w=2u l=0.2u\n"
        for i in range(1, count + 1)
    )
    gate = (
        f"ma n1 n{count + 1} s vss nch w=1u l=0.2u\nmb s en lo vss nch w=1u l=0.2u\n"
        f"mc n1 n{count + 1} hi vdd pch w=2u l=0.2u\nmd n1 en hi vdd pch w=2u l=0.2u\n"
    )
    starved = "ms lo vc vss vss nch w=4u l=0.2u\nmt hi pb vdd vdd pch w=8u l=0.2u\n"
    starved += "mu pb pb vdd vdd pch w=8u l=0.2u\nmv pb vc vss vss nch w=4u l=0.2u\n"
    end = f"mw out n{count + 1} vss vss nch w=1u l=0.2u\nmx out n{count + 1} vdd vdd pch w=2u l=0.2u\n"
    models = MODELS.replace("{vto}", "0.4")
    circuit = f".subckt ring vdd vss en vc out\n{starved}{gate}{cells}{end}.ends\n"
    (tmp_path / "c.spice").write_text(models + circuit)
    found = draft_spec(tmp_path / "c.spice", pdk="own", simulate=False, force=True)
    text = (tmp_path / "spec.yaml").read_text()
    assert found["kind"] == "voltage-controlled oscillator" and "en: {voltage: vdd, from: 0}" in text
    vdd = float(re.search(r"vdd: ([\d.]+)", text)[1])
    got = measure_once(load_problem(tmp_path / "spec.yaml"))["oscillation_frequency"]
    deck = (
        f"* plain\n{models}{circuit}x1 vdd 0 en vc out ring\nvd vdd 0 {vdd}\nvc vc 0 {vdd / 2}\nco out 0 5f\n"
        f"ven en 0 pulse(0 {vdd} 1n 1n 1n 1 2)\n.option reltol=1e-4 trtol=1\n.tran 5p 40n\n"
        f".meas tran t1 when v(out)={vdd / 2} rise=3\n.meas tran t2 when v(out)={vdd / 2} rise=8\n.end\n"
    )
    (tmp_path / "plain.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "plain.cir"], cwd=tmp_path, capture_output=True, text=True).stdout
    first, last = (float(re.search(rf"{name}\s*=\s*(\S+)", said)[1]) for name in ("t1", "t2"))
    assert got == pytest.approx(5 / (last - first), rel=0.005)


def test_a_resistor_of_the_deck_is_the_load_of_its_pump(tmp_path: Path) -> None:
    cell = PUMP.replace("rl vout vss {rload}\n", "").replace("{cfly}", "1p")
    for name, size in (("{wn}", "5"), ("{wp}", "10"), ("{lx}", "0.5"), ("{lp}", "0.5")):
        cell = cell.replace(name, size)
    deck = (
        f"{cell}x1 vdd c1 c2 o 0 pump\nv1 vdd 0 1.8\nv2 c1 0 pulse(0 1.8 0 1n 1n 99n 200n)\n"
        "v3 c2 0 pulse(1.8 0 0 1n 1n 99n 200n)\nr1 o 0 5meg\n.tran 1n 20u\n.end\n"
    )
    _, text = drafted(tmp_path, deck, simulate=False)
    assert "frequency: 5M, load_current: 0, load_resistance: 5M}" in text
