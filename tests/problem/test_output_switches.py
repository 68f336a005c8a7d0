"""An enable may leave the mirrors alone: it holds the output at a rail and stops a current elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit

N, P = "sky130_fd_pr__nfet_g5v0d10v5", "sky130_fd_pr__pfet_g5v0d10v5"
AMPLIFIER = f"""* a switch in the bias of a two-stage amplifier; another holds its output at the supply
.subckt amp vdd vss ib go inp inn out
XMs bn go ib vss {N} W=20 L=1
XMk out go vdd vdd {P} W=4 L=2
XMb bn bn vss vss {N} W=2 L=8
XMc bp bn vss vss {N} W=20 L=8
XMd bp bp vdd vdd {P} W=20 L=4
XMt t bp vdd vdd {P} W=20 L=4
XM1 x inp t vdd {P} W=80 L=4
XM2 y inn t vdd {P} W=80 L=4
XM3 x x vss vss {N} W=20 L=8
XM4 y x vss vss {N} W=20 L=8
XM5 out y vss vss {N} W=40 L=2
XM6 out bp vdd vdd {P} W=40 L=4
Cc y out 2p
.ends
"""
REGULATOR = """* a regulator whose enable comes through a level shifter with a load that always conducts
.subckt reg vin vss vref go vout
Rb vin b 200k
XMb b b vss vss nfet_05v0 L=0.6u W=5u
XMt t b vss vss nfet_05v0 L=0.6u W=5u
XM1 x fb t vss nfet_05v0 L=3u W=20u
XM2 g vref t vss nfet_05v0 L=3u W=20u
XM3 x x vin vin pfet_05v0 L=3u W=10u
XM4 g x vin vin pfet_05v0 L=3u W=10u
XMp vout g vin vin pfet_05v0 L=0.55u W=90u
R1 vout fb 175k
R2 fb vss 100k
XMi1 n vss vin vin pfet_05v0 L=40u W=1u
XMi2 n go vss vss nfet_05v0 L=5u W=0.5u
XMj1 p n vin vin pfet_05v0 L=1u W=5u
XMj2 p n vss vss nfet_05v0 L=1u W=5u
XMk g p vin vin pfet_05v0 L=0.6u W=5u
XMl vout n vss vss nfet_05v0 L=0.6u W=5u
.ends
"""


@pytest.mark.parametrize(
    ("netlist", "kind", "switches"),
    [(AMPLIFIER, "op-amp", {"xmk", "xms"}), (REGULATOR, "regulator with its divider", {"xmk", "xml"})],
)
def test_it_is_held_high_and_its_switches_are_not_sized(
    tmp_path: Path, netlist: str, kind: str, switches: set[str]
) -> None:
    (tmp_path / "a.spice").write_text(netlist)
    draft = read_circuit(tmp_path / "a.spice", tmp_path)
    assert draft.kind.name == kind
    assert draft.kind.bias["go"] == "high"
    assert switches <= set(draft.kind.switches)


def test_a_switch_of_a_bias_alone_is_no_sure_enable(tmp_path: Path) -> None:
    (tmp_path / "a.spice").write_text(AMPLIFIER.replace("XMk out", "XMk far"))
    assert not read_circuit(tmp_path / "a.spice", tmp_path).structure.enables
