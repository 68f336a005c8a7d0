"""Clocked comparators: one clock or two, the latch's own outputs or a second stage, are told from the connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft.circuit import Draft, read_circuit
from eda_agent.problem.load_testbench import NO_PORT

MODELS = """* a demonstration process
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
"""


def inverter(name: str, source: str, out: str) -> str:
    return f"MN{name} {out} {source} vss vss nch W=2u L=0.5u\nMP{name} {out} {source} vdd vdd pch W=4u L=0.5u\n"


def nand(name: str, one: str, other: str, out: str) -> str:
    return (
        f"MN{name}1 {out} {one} {name}x vss nch W=2u L=0.5u\nMN{name}2 {name}x {other} vss vss nch W=2u L=0.5u\n"
        f"MP{name}1 {out} {one} vdd vdd pch W=2u L=0.5u\nMP{name}2 {out} {other} vdd vdd pch W=2u L=0.5u\n"
    )


TAIL = """M0 tail clk vss vss nch W=4u L=0.5u
M1 d1 inp tail vss nch W=8u L=0.5u
M2 d2 inn tail vss nch W=8u L=0.5u
M3 d1 clk vdd vdd pch W=2u L=0.5u
M4 d2 clk vdd vdd pch W=2u L=0.5u
M5 top nclk vdd vdd pch W=16u L=0.5u
M6 outp outn top vdd pch W=8u L=0.5u
M7 outn outp top vdd pch W=8u L=0.5u
M8 outp outn vss vss nch W=2u L=0.5u
M9 outn outp vss vss nch W=2u L=0.5u
M10 outp d1 vss vss nch W=6u L=0.5u
M11 outn d2 vss vss nch W=6u L=0.5u
"""
ARM = """M0 tail clk vss vss nch W=4u L=0.5u
M1 xn inp tail vss nch W=8u L=0.5u
M2 xp inn tail vss nch W=8u L=0.5u
M3 ln lp xn vss nch W=4u L=0.5u
M4 lp ln xp vss nch W=4u L=0.5u
M5 ln lp vdd vdd pch W=4u L=0.5u
M6 lp ln vdd vdd pch W=4u L=0.5u
M7 ln clk vdd vdd pch W=2u L=0.5u
M8 lp clk vdd vdd pch W=2u L=0.5u
M9 xn clk vdd vdd pch W=2u L=0.5u
M10 xp clk vdd vdd pch W=2u L=0.5u
"""
PMOS = (
    ARM.translate(str.maketrans({}))
    .replace(" vss nch", " @ pch")
    .replace(" vdd pch", " vss nch")
    .replace(" @ pch", " vdd pch")
    .replace("M0 tail clk vss vdd", "M0 tail clk vdd vdd")
    .replace(" lp vdd vss", " lp vss vss")
    .replace(" ln vdd vss", " ln vss vss")
    .replace(" clk vdd vss", " clk vss vss")
)
LATCH = nand("a", "ln", "qb", "q") + nand("b", "lp", "q", "qb")
SELF_BIASED = inverter("c", "ln", "ln1") + inverter("d", "ln1", "ln2") + inverter("e", "lp", "lp1")
SELF_BIASED += (
    inverter("f", "lp1", "lp2")
    + """M31 a lp2 b vss nch W=4u L=0.5u
M32 out ln2 b vss nch W=4u L=0.5u
M33 a a vdd vdd pch W=4u L=0.5u
M34 out a vdd vdd pch W=4u L=0.5u
M35 b vdd vss vss nch W=4u L=0.5u
"""
)
KINDS = {
    "two clocks": ("outp outn clk nclk", TAIL, "outp outn", {"clk": "clk", "clkb": "nclk"}),
    "its own inverter": ("outp outn clk", TAIL + inverter("i", "clk", "nclk"), "outp outn", {"clk": "clk"}),
    "strongarm": ("ln lp clk", ARM, "lp ln", {"clk": "clk"}),
    "gates behind": ("q qb clk", ARM + LATCH, "q qb", {"clk": "clk"}),
    "buffers": ("op on clk", ARM + inverter("a", "ln", "op") + inverter("b", "lp", "on"), "op on", {"clk": "clk"}),
    "pmos inputs": ("ln lp clk", PMOS, "lp ln", {"clk": NO_PORT, "clkb": "clk"}),
}  # fmt: skip


def read(folder: Path, ports: str, body: str) -> Draft:
    (folder / "c.spice").write_text(f"{MODELS}.subckt cmp inp inn {ports} vdd vss\n{body}.ends\n")
    return read_circuit(folder / "c.spice", folder)


@pytest.mark.parametrize("name", KINDS)
def test_a_comparator_is_recognised(name: str, tmp_path: Path) -> None:
    ports, body, outs, clocks = KINDS[name]
    draft = read(tmp_path, ports, body)
    assert draft.kind.name == "comparator", (draft.kind, draft.doubts)
    positive, negative = outs.split()
    wanted = {"inp": "inp", "inn": "inn", "outp": positive, "outn": negative, **clocks, "vdd": "vdd", "vss": "vss"}
    assert {**draft.kind.ports} == wanted and not draft.kind.bias


def test_one_output_behind_a_second_stage_is_measured_alone(tmp_path: Path) -> None:
    draft = read(tmp_path, "out clk", ARM + SELF_BIASED)
    assert draft.kind.name == "comparator with one output", (draft.kind, draft.doubts)
    assert {**draft.kind.ports} == {"inp": "inp", "inn": "inn", "out": "out", "clk": "clk", "vdd": "vdd", "vss": "vss"}


def test_two_clocks_in_phase_are_asked_for(tmp_path: Path) -> None:
    late = ARM.replace("M7 ln clk", "M7 ln clk2").replace("M8 lp clk", "M8 lp clk2")
    draft = read(tmp_path, "ln lp clk clk2", late)
    assert draft.kind.name == "" and any("how to drive clk and clk2" in doubt for doubt in draft.doubts)


LOADED = """M0 t CLK vss vss nch W=4u L=0.5u
M1 outn inp t vss nch W=8u L=0.5u
M2 outp inn t vss nch W=8u L=0.5u
M3 outn outp vdd vdd pch W=2u L=0.5u
M4 outp outn vdd vdd pch W=2u L=0.5u
"""
RESETS = "M5 outn RST vdd vdd pch W=2u L=0.5u\nM6 outp RST vdd vdd pch W=2u L=0.5u\n"
EQUALISER = "M5 outn RST outp vss nch W=2u L=0.5u\n"
DIODES = "M5 outn outn vdd vdd pch W=6u L=0.5u\nM6 outp outp vdd vdd pch W=6u L=0.5u\n"


@pytest.mark.parametrize("port", ["strobe", "go", "vb", "x"])
def test_clocks_are_told_by_what_they_switch(port: str, tmp_path: Path) -> None:
    one = read(tmp_path, f"outp outn {port}", (LOADED + RESETS).replace("CLK", port).replace("RST", port))
    assert one.kind.name == "comparator" and one.kind.ports["clk"] == port, (one.kind, one.doubts)
    # an equaliser that conducts when the tail does not
    two = read(tmp_path, f"outp outn {port} y", (LOADED + EQUALISER).replace("CLK", port).replace("RST", "y"))
    assert two.kind.name == "comparator" and (two.kind.ports["clk"], two.kind.ports["clkb"]) == (port, "y")
    # two phases that switch on together are asked for
    late = read(tmp_path, f"outp outn {port} y", (LOADED + RESETS).replace("CLK", port).replace("RST", "y"))
    assert late.kind.name == "" and any(f"how to drive {port} and y" in doubt for doubt in late.doubts)
    # nothing resets it
    never = read(tmp_path, f"outp outn {port}", LOADED.replace("CLK", port))
    assert never.kind.name == "" and any("whether it compares or amplifies" in doubt for doubt in never.doubts)
    # diodes beside a weaker latch give it an operating point
    gain = read(tmp_path, f"outp outn {port}", (LOADED + DIODES).replace("CLK", port))
    assert "comparator" not in gain.kind.name and not any("it compares or" in doubt for doubt in gain.doubts)


def test_what_shorts_a_latch_above_a_tail_of_its_own_is_its_clock(tmp_path: Path) -> None:
    """The tail is a current source inside; the clock makes the latch's nets equal, and the latch decides when it is
    low.
    """
    cell = """R1 vdd b 20k
M1 b b vss vss nch W=4u L=1u
M2 t b vss vss nch W=8u L=1u
M3 outn inp t vss nch W=8u L=0.5u
M4 outp inn t vss nch W=8u L=0.5u
M5 outn outp vdd vdd pch W=4u L=0.5u
M6 outp outn vdd vdd pch W=4u L=0.5u
M7 outn strobe outp vss nch W=8u L=0.5u
"""
    (tmp_path / "c.spice").write_text(f"* latch\n{MODELS}.subckt c inp inn outp outn strobe vdd vss\n{cell}.ends\n")
    kind = read_circuit(tmp_path / "c.spice", tmp_path).kind
    assert kind.name == "comparator" and kind.ports["clkb"] == "strobe" and kind.ports["clk"] == NO_PORT
    assert (kind.ports["outp"], kind.ports["outn"]) == ("outp", "outn")
