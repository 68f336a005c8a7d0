"""A bit that trims a current drives switches, and an inverter for their complement: it has no level in between."""

from __future__ import annotations

from pathlib import Path

from .test_dialects_met import draft_of

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
TRIMMED = f"""* an amplifier whose tail has a part that a bit adds, and one that a voltage adds
.subckt amp vdd vss ib t0 vx inp inn out
XMb b b vss vss {N} W=2 L=1
XMr ib ib b vss {N} W=2 L=1
XMt t b vss vss {N} W=2 L=1
XMx t g vss vss {N} W=2 L=1
XMy t vx vss vss {N} W=1 L=1
XMs g t0 b vss {N} W=1 L=0.5
XMk g n0 vss vss {N} W=1 L=0.5
XMi n0 t0 vss vss {N} W=1 L=0.15
XMj n0 t0 vdd vdd {P} W=2 L=0.15
XM1 x inn t vss {N} W=10 L=0.5
XM2 out inp t vss {N} W=10 L=0.5
XM3 x x vdd vdd {P} W=4 L=0.5
XM4 out x vdd vdd {P} W=4 L=0.5
.ends
"""


def test_a_bit_is_at_a_rail_and_a_gate_voltage_is_not(tmp_path: Path) -> None:
    draft = draft_of(TRIMMED, tmp_path)
    assert draft.kind.name == "op-amp"
    assert draft.kind.bias["t0"] == "low"
    assert draft.kind.bias["vx"] == "voltage"
