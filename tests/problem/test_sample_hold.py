"""Samples and holds are recognised by what their clock joins and separates; switches and latches are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft.circuit import Draft, read_circuit
from tests.problem.test_clocked_comparators import MODELS, inverter

GATE = "M1 {out} clk in vss nch W=4u L=0.5u\nM2 {out} nclk in vdd pch W=8u L=0.5u\n" + inverter("i", "clk", "nclk")
BUFFERED = (
    GATE.format(out="h").replace("M1 ", "M3 ")
    + """C1 h vss 1p
M10 ib ib vss vss nch W=10u L=1u
M11 t ib vss vss nch W=40u L=1u
M12 d h t vss nch W=40u L=0.5u
M13 out out t vss nch W=40u L=0.5u
M14 d d vdd vdd pch W=20u L=0.5u
M15 out d vdd vdd pch W=20u L=0.5u
"""
)
FOLLOWER = (
    GATE.format(out="h")
    + """C1 h vss 1p
M10 vdd h out vss nch W=20u L=0.5u
M11 out ib vss vss nch W=10u L=1u
M12 ib ib vss vss nch W=10u L=1u
"""
)
BOOTSTRAPPED = """MS out g in vss nch W=10u L=0.5u
MN1 bot clkb vss vss nch W=4u L=0.5u
MP1 top g vdd top pch W=8u L=0.5u
CB top bot 1p
MN2 bot g in vss nch W=4u L=0.5u
MP2 g e top top pch W=8u L=0.5u
MPe e clk vdd vdd pch W=4u L=0.5u
MNe e clk bot vss nch W=4u L=0.5u
MNe2 e g bot vss nch W=4u L=0.5u
MN3 g vdd q vss nch W=8u L=0.5u
MN4 q clkb vss vss nch W=8u L=0.5u
"""
KINDS = {
    "pass device": ("in out clk", "M1 out clk in vss nch W=10u L=0.5u\nC1 out vss 1p\n", {"clk": "clk"}, "vdd/2"),
    "gate": ("in out clk", GATE.format(out="out") + "C1 out vss 1p\n", {"clk": "clk"}, "vdd"),
    "follower": ("in out clk ib", FOLLOWER, {"clk": "clk"}, "2*vdd/3"),
    "buffered": ("in out clk ib", BUFFERED, {"clk": "clk"}, "2*vdd/3"),
    "bootstrapped": ("in out clk clkb", BOOTSTRAPPED, {"clk": "clk", "clkb": "clkb"}, "vdd"),
}


def read(folder: Path, ports: str, body: str) -> Draft:
    (folder / "c.spice").write_text(f"{MODELS}.subckt sh {ports} vdd vss\n{body}.ends\n")
    return read_circuit(folder / "c.spice", folder)


@pytest.mark.parametrize("name", KINDS)
def test_a_sample_and_hold_is_recognised(name: str, tmp_path: Path) -> None:
    ports, body, clocks, high = KINDS[name]
    kind = read(tmp_path, ports, body).kind
    assert kind.name == "sample and hold"
    roles = {role: port for role, port in kind.ports.items() if role not in {"vdd", "vss"}}
    assert roles == {"in": "in", "out": "out", **clocks}
    assert kind.benches[0].settings["signal_high"] == high
    assert set(kind.bias) == set(ports.split()) - {"in", "out", "clk", "clkb"}
    stages = name in {"follower", "buffered"}
    assert ("sample_hold_resistance" in {bench.template for bench in kind.benches}) == (not stages)


@pytest.mark.parametrize(
    ("ports", "body", "wanted"),
    [
        ("in out clk", GATE.format(out="out"), "switch"),
        # a dynamic latch: no capacitor holds
        ("in out clk", GATE.format(out="h") + inverter("o", "h", "out"), ""),
    ],
)
def test_what_holds_nothing_is_none(ports: str, body: str, wanted: str, tmp_path: Path) -> None:
    assert read(tmp_path, ports, body).kind.name != "sample and hold"
    assert not wanted or read(tmp_path, ports, body).kind.name == wanted
