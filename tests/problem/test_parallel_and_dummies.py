"""Devices with the same nets are units of one, and a device whose ends share a net of their own is a dummy."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
OTA = f"""* an OTA as a layout has it
.subckt c inp inn out ib vdd vss
XM1 d1 inp t vss {N} W=5 L=0.5
XM2 out inn t vss {N} W=5 L=0.5
XM1b d1 inp t vss {N} W=5 L=0.5
XM2b out inn t vss {N} W=5 L=0.5
XM3 d1 d1 vdd vdd {P} W=4 L=0.5
XM4 out d1 vdd vdd {P} W=4 L=0.5
XM5 t c1 u vss {N} W=2 L=1
XM5b t c1 u vss {N} W=2 L=1
XM7 u ib vss vss {N} W=2 L=1 m=4
XM6 ib ib vss vss {N} W=2 L=1 m=1
XM8 c1 c1 vss vss {N} W=2 L=4
XM9 c1 c1 vdd vdd {P} W=1 L=4
XD1 idle ib idle vss {N} W=2 L=1 m=2
XD2 idle ib idle vss {N} W=2 L=1 m=2
.ends
"""


def test_units_share_their_sizes_and_dummies_keep_theirs(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(OTA)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.structure.roles["xd1"] == draft.structure.roles["xd2"] == "dummy"
    assert {"xm5", "xm5b"} in map(set, draft.structure.matched)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, "c.spice"))
    sized = {name.partition(".")[0] for name in load_problem(tmp_path / "spec.yaml").space.names}
    assert not sized & {"XD1", "XD2", "XM5b", "XM1b", "XM2b", "XM2"} and {"XM1", "XM5"} <= sized


def test_a_capacitor_between_a_signal_and_a_used_net_is_no_dummy(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(OTA.replace("XD1 idle ib idle", "XD1 u out u").replace("XD2", "*XD2"))
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.structure.roles["xd1"] == "MOS capacitor"
