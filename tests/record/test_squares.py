"""Squares of diffusion (nrd, nrs) that a netlist has as numbers follow the width, as plain ngspice agrees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.record.export import sized_netlist

from .test_export import current, supply_currents

# 3 squares: at 2 um a length of 6 um, which a designer wrote once and left
CELL = """* c
.subckt c out vdd vss
XA out vdd vss vss nmos_3p3 w=2u l=0.28u nrd=3 nrs='3' m=1
XB out vdd vss vss nmos_3p3 w=2u l=0.28u nrd='6e-6/2e-6' nrs=0 m=1
.ends
"""
SPEC = """
circuit: c.spice
subckt: c
pdk: gf180mcuD
parameters: {XA.w: {min: 1u, max: 40u}}
testbenches: {mine: {deck: tb.spice, probes: {out: out, supply: vsup}}}
specs: {supply_current: {testbench: mine, unit: A, maximum: 1}}
corners: {nominal: {process: tt, vdd: 3.3, temperature: 27}}
layout: {fold: off, areas: netlist}
"""
BENCH = "vsup vdd 0 {vdd}\nr1 vdd out 100\nXdut out vdd 0 c\n.op\n"


@pytest.mark.parametrize("width", [2, 8, 20])
def test_they_follow_the_width(width: int, tmp_path: Path) -> None:
    for name, text in (("c.spice", CELL), ("spec.yaml", SPEC), ("tb.spice", BENCH)):
        (tmp_path / name).write_text(text)
    problem = load_problem(tmp_path / "spec.yaml")
    text = sized_netlist(problem, {"XA.w": width * 1e-6})
    (line,) = re.findall(r"(?m)^XA .*", text)
    numbers = {name: float(value.strip("'")) for name, value in re.findall(r"(nr[ds])=(\S+)", line)}
    assert numbers == pytest.approx({"nrd": 6 / width, "nrs": 6 / width})
    # an expression is the designer's, and a device that keeps its width keeps its squares
    assert "nrd='6e-6/2e-6' nrs=0" in text
    shown = supply_currents(problem, {"XA.w": width * 1e-6})["nominal"]
    typed = CELL.replace("w=2u l=0.28u nrd=3 nrs='3'", f"w={width}u l=0.28u nrd={6 / width!r} nrs={6 / width!r}")
    stale = CELL.replace("w=2u l=0.28u nrd=3", f"w={width}u l=0.28u nrd=3")
    cards = "vsup vdd 0 3.3\nr1 vdd out 100\nxdut out vdd 0 c\n"
    assert shown == pytest.approx(current(typed, "tt", 27, cards, tmp_path), rel=1e-4)
    if width == 20:
        assert abs(current(stale, "tt", 27, cards, tmp_path) / shown - 1) > 0.005
