"""An enable of a comparator with hysteresis is no clock, although it resets the nets of a cross-coupled pair."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
HYSTERESIS = f"""* a comparator with hysteresis that can be switched off
.subckt trip vdd vss ib go inp inn out
XMi1 gn go vss vss {N} W=1 L=0.5
XMi2 gn go vdd vdd {P} W=1 L=0.5
XMs1 ib go b vss {N} W=1 L=0.5
XMs2 ib gn b vdd {P} W=1 L=0.5
XMs3 b gn vss vss {N} W=1 L=0.5
XMb b b vss vss {N} W=2 L=4
XMt t b vss vss {N} W=2 L=4
XMa x inn t vss {N} W=10 L=1
XMc y inp t vss {N} W=10 L=1
XMd x x vdd vdd {P} W=4 L=2
XMe y y vdd vdd {P} W=4 L=2
XMf x y vdd vdd {P} W=5 L=2
XMg y x vdd vdd {P} W=5 L=2
XMh x go vdd vdd {P} W=1 L=0.5
XMj y go vdd vdd {P} W=1 L=0.5
XMk z y vdd vdd {P} W=2 L=2
XMl m x vdd vdd {P} W=2 L=2
XMn m m vss vss {N} W=2 L=4
XMo z m vss vss {N} W=2 L=4
XMp out z vdd vdd {P} W=4 L=0.15
XMq out z vss vss {N} W=2 L=0.15
.ends
"""
CLOCKED = f"""* a comparator that a clock resets
.subckt latched vdd vss ib clk inp inn outp outn
XMb b b vss vss {N} W=2 L=1
XMr ib ib b vss {N} W=2 L=1
XMt t clk vss vss {N} W=4 L=0.15
XMa x inn t vss {N} W=4 L=0.15
XMc y inp t vss {N} W=4 L=0.15
XMd outp outn x vss {N} W=4 L=0.15
XMe outn outp y vss {N} W=4 L=0.15
XMf outp outn vdd vdd {P} W=4 L=0.15
XMg outn outp vdd vdd {P} W=4 L=0.15
XMh outp clk vdd vdd {P} W=2 L=0.15
XMj outn clk vdd vdd {P} W=2 L=0.15
.ends
"""


@pytest.mark.parametrize(("text", "clocks"), [(HYSTERESIS, ()), (CLOCKED, ("clk",))])
def test_only_a_clock_is_one(text: str, clocks: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(text)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.structure.clocks == clocks
    assert "comparator" in draft.kind.name and ("clk" in draft.kind.ports) == bool(clocks)
