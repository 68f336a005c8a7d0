"""A deck whose top level connects its cells is one circuit, also where it measures; lists of PWL sources are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.ammeters import without_ammeters
from eda_agent.problem.netlist import parse_netlist
from eda_agent.problem.source import read_source

RING = """* ring with an enable
.global vdd gnd
.subckt inv in out
MP1 out in vdd vdd p_18 l=0.18u w=0.84u
MN1 out in gnd gnd n_18 l=0.18u w=0.42u
.ends
.subckt nand2 a b out
MP1 out a vdd vdd p_18 l=0.18u w=0.84u
MP2 out b vdd vdd p_18 l=0.18u w=0.84u
MN1 out a s gnd n_18 l=0.18u w=0.84u
MN2 s b gnd gnd n_18 l=0.18u w=0.84u
.ends
X1 run out t1 nand2
X2 t1 t2 inv
X3 t2 out inv
X9 out vo inv
vdd vdd gnd 1.8v
vrun run gnd pulse(0V 1.8V 1u 1p 1p 4us 4us)
.tran 1u 5u
.meas tran period trig v(vo) val=0.9 rise=1 targ v(vo) val=0.9 rise=2
.end
"""


def test_a_ring_of_cells_that_measures_itself_is_one_circuit(tmp_path: Path) -> None:
    (tmp_path / "ring.sp").write_text(RING)
    draft = read_circuit(tmp_path / "ring.sp", tmp_path, "sky130A")
    assert draft.kind.name == "oscillator" and draft.kind.ports["out"] == "vo"
    (said,) = (note for note in draft.changed if "the deck's measurements are left out" in note)
    assert "nand2" in said and "--subckt" in said


@pytest.mark.parametrize(
    ("card", "value"),
    [
        ("V1 a 0 PWL(0 0 10n 1)", "PWL(0 0 10n 1)"),
        ("V1 a 0 pwl(0 'low' 10n 'low + 5m')", "pwl(0 'low' 10n 'low + 5m')"),
        ("V1 a 0 DC {low} pwl(0 {low} 10n {2*low})", "{low} pwl(0 {low} 10n {2*low})"),
        ("I1 a 0 PWL (0 1u 1m 2u)", "PWL (0 1u 1m 2u)"),
    ],
)
def test_pwl_lists_are_read(tmp_path: Path, card: str, value: str) -> None:
    (tmp_path / "c.spice").write_text(f"* c\n.param low=0.5\n.subckt c a b\nR1 a b 1k\n.ends\n{card}\nX1 a 0 c\n.end\n")
    netlist = parse_netlist(read_source(tmp_path / "c.spice", [tmp_path]))
    (source,) = (device for device in netlist.top.devices if device.kind in "vi")
    assert source.value == value


N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
# a bandgap around its amplifier, with ammeters in its branches and in front of its output
BANDGAP = f"""** sch_path: bandgap.sch
**.subckt bandgap
VDD VDD GND 1.8
Vm1 a net1 0
Vm2 net7 Vref 0
x1 VDD g a b GND amp
XQ1 GND GND net2 sky130_fd_pr__pnp_05v5_W0p68L0p68 m=8
XQ2 GND GND b sky130_fd_pr__pnp_05v5_W0p68L0p68 m=1
XQ3 GND GND c sky130_fd_pr__pnp_05v5_W0p68L0p68 m=1
XR1 net2 net1 GND sky130_fd_pr__res_xhigh_po_0p69 L=20 mult=1 m=1
XR2 c Vref GND sky130_fd_pr__res_xhigh_po_0p69 L=200 mult=1 m=1
XM1 a g VDD VDD {P} L=1 W=4 nf=1 ad='int((nf+1)/2) * W/nf * 0.29'
XM2 b g VDD VDD {P} L=1 W=4 nf=1 ad='int((nf+1)/2) * W/nf * 0.29'
XM3 net7 g VDD VDD {P} L=1 W=4 nf=1 ad='int((nf+1)/2) * W/nf * 0.29'
.control
op
print v(vref)
.endc
**.ends
.subckt amp VDDA out inn inp GNDA
XM2 d inn t GNDA {N} L=1 W=2 nf=1
XM3 out inp t GNDA {N} L=1 W=2 nf=1
XM1 t d GNDA GNDA {N} L=1 W=2 nf=1
XM4 out d VDDA VDDA {P} L=1 W=4 nf=1
XM5 d d VDDA VDDA {P} L=1 W=4 nf=1
.ends
.end
"""


def test_a_bandgap_around_its_amplifier_is_the_circuit(tmp_path: Path) -> None:
    (tmp_path / "bg.spice").write_text(BANDGAP)
    draft = read_circuit(tmp_path / "bg.spice", tmp_path, "sky130A")
    assert draft.kind.name == "reference" and draft.kind.ports["out"].lower() == "vref"
    # an ammeter is a wire, and the branch behind it is not cut off
    assert "sources of 0 V between two nets became wires: Vm1, Vm2" in draft.changed
    body = draft.netlist_text
    assert "XM3 Vref g" in body and "net7" not in body and "XR1 net2 a " in body
    assert any("have transistors around them" in note for note in draft.changed)


def test_ammeters_in_series_are_one_wire() -> None:
    cards = ["Vdd vdd 0 1.8", "Vm1 vdd n1 0", "Vm2 n1 a 0", "R1 a 0 1k"]
    assert without_ammeters(cards, {"0"}, []) == ["Vdd a 0 1.8", "R1 a 0 1k"]


def test_a_cell_that_is_named_is_measured_by_the_deck(tmp_path: Path) -> None:
    (tmp_path / "bg.spice").write_text(BANDGAP)
    assert read_circuit(tmp_path / "bg.spice", tmp_path, "sky130A", "amp").own_bench is not None


def test_a_port_that_resistors_lead_to_gates_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(
        f"* slicer\n.subckt c vin vdd vss\nR1 vin a 1k\nXM1 b a vss vss {N} L=1 W=2\nXM2 b a vdd vdd {P} L=1 W=4\n"
        f"XM3 c b vss vss {N} L=1 W=2\nXM4 c b d vdd {P} L=1 W=4\nXM5 d a vdd vdd {P} L=1 W=4\n.ends\n"
    )
    assert read_circuit(tmp_path / "c.spice", tmp_path).kind.name != "reference"
