"""Cells called with m=, against a closed form and against plain `ngspice -b` on what is exported."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.multiplied import multiplied_cells
from eda_agent.record.export import sized_netlist
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.simulation.workbench import Workbench

NETLIST = """* cells in cells
.param mq=2
.model n nmos level=1 kp=100u vto=0.5
.subckt unit d g s
m1 d g s s n w=2u l=1u m={mq}
r1 d s 10k m=2
.ends
.subckt plain d s
r1 d s 15k
.ends
.subckt up d g s
x1 d g s unit
+ m=2
.ends
.subckt says d s m=1
r1 d s 15k
r2 d s 15k m={m}
.ends
.subckt top vdd vss
x1 vdd vdd vss unit m=3
x2 vdd vdd vss unit m=1
x3 vdd vdd vss up m=4
x4 vdd vss plain m=5
x5 vdd vss says m=7
.ends
"""
SPEC = """
circuit: cells.spice
subckt: top
pdk: own
parameters: {mq: {min: 1, max: 9}}
testbenches: {mine: {deck: tb.spice, probes: {out: vdd, supply: vsup}}}
specs: {supply_current: {testbench: mine, unit: A, maximum: 1}}
corners: {nominal: {process: tt, vdd: 1.5, temperature: 27}}
"""
BENCH = "vsup vdd 0 {vdd}\nXdut vdd 0 top\n.op\n"


def folder_of(folder: Path, netlist: str) -> Path:
    for name, text in (("cells.spice", netlist), ("spec.yaml", SPEC), ("tb.spice", BENCH)):
        (folder / name).write_text(text)
    return folder


def closed_form(mq: float) -> float:
    """Saturation at an overdrive of 1 V: 100 uA a device; 10 kOhm at 1.5 V: 150 uA; units: 3 + 1 + 4 · 2. A cell that
    declares m: 1 + 7.
    """
    return (3 + 1 + 4 * 2) * (mq * 100e-6 + 2 * 150e-6) + 5 * 100e-6 + (1 + 7) * 100e-6


@pytest.mark.parametrize("unflattenable", ["", "b1 vdd vss i=0\n"])
@pytest.mark.parametrize("mq", [1.0, 5.0])
def test_multipliers_of_cells_and_devices_multiply(mq: float, unflattenable: str, tmp_path: Path) -> None:
    """ngspice takes the last of both: 3 devices for m=3 around m=5, and 1 for a call without m beside it."""
    problem = load_problem(
        folder_of(tmp_path, NETLIST.replace("x1 vdd vdd vss unit", f"{unflattenable}x1 vdd vdd vss unit"))
    )
    assert bool(Workbench(problem, tmp_path / "models").hierarchical) == bool(unflattenable)
    with open_evaluator(problem, workers=1, cache=False) as evaluator:
        value = evaluator.evaluate([{"mq": mq}])[0].values["nominal"]["supply_current"]
        # the circuit without hierarchy is not given up for it
        assert unflattenable or all(done.flat for done in evaluator.prepare().values())
    assert value == pytest.approx(closed_form(mq), rel=1e-6)
    text = sized_netlist(problem, {"mq": mq})
    deck = tmp_path / "deck.cir"
    deck.write_text(f"{text}vsup vdd 0 1.5\nxdut vdd 0 top\n.control\nop\nset numdgt=12\nprint i(vsup)\n.endc\n.end\n")
    found = re.search(
        r"i\(vsup\) = (\S+)",
        subprocess.run(
            ["ngspice", "-b", str(deck)], capture_output=True, text=True, timeout=60, check=False, cwd=deck.parent
        ).stdout,
    )
    assert found and -float(found[1]) == pytest.approx(closed_form(mq), rel=1e-6)
    # what is not lost stays as it was written
    assert "x4 vdd vss plain m=5" in text and "x5 vdd vss says m=7" in text


def test_cells_without_own_multipliers_are_left_alone(tmp_path: Path) -> None:
    problem = load_problem(folder_of(tmp_path, NETLIST))
    assert multiplied_cells(problem.netlist) == {"unit", "up"}
    alone = NETLIST.replace(" m={mq}", "").replace("10k m=2", "10k").replace("\n+ m=2", "")
    assert (
        multiplied_cells(
            load_problem(
                folder_of(tmp_path, alone.replace(".param mq=2", ".param mq=2u").replace("w=2u", "w={mq}"))
            ).netlist
        )
        == set()
    )
