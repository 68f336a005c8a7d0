"""A deck whose top level connects its cells is one circuit, also where it measures; lists of PWL sources are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit
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
