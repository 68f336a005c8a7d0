"""A circuit of bare MOSFETs on PTM 45 nm in the user's own deck, against closed forms of its operating point. Real
ngspice.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

NETLIST = "* common source\n.subckt cs in out vdd vss\nM1 out in vss vss nmos w=1u l=90n m=2\nR1 out vdd 20k\n.ends\n"
BENCH = (
    "* bench\nVsup vdd 0 {vdd}\nVin in 0 dc 0.45 ac 1\nXdut in out vdd 0 cs\nCL out 0 {load}\n.op\n.ac dec 20 1k 100G\n"
)
SPEC = """circuit: cs.spice
subckt: cs
pdk: ptm45
parameters:
  M1.w: {min: 0.1u, max: 20u, scale: log}
  M1.m: {min: 1, max: 8}
  R1: {min: 1k, max: 1M, scale: log}
testbenches:
  own: {deck: tb.spice, load: 1p, probes: {out: out, supply: vsup}}
specs:
  bandwidth: {unit: Hz, minimum: 1M}
  power: {unit: W, maximum: 50u}
  gate_area: {unit: m², maximum: 2p}
"""


def test_own_deck(tmp_path: Path, own_cache: Path, pool: LocalPool) -> None:
    for name, text in (("cs.spice", NETLIST), ("tb.spice", BENCH), ("spec.yaml", SPEC)):
        (tmp_path / name).write_text(text)
    problem = load_problem(tmp_path)
    assert problem.name == tmp_path.name
    workbench = Workbench(problem, own_cache / "models")
    assert not workbench.hierarchical
    sizings = [problem.space.initial, {"M1.w": 2e-6, "M1.m": 4.0, "R1": 5e3}]
    for sizing, evaluation in zip(
        sizings, Evaluator(problem, workbench, pool, NoCache()).evaluate(sizings), strict=True
    ):
        values, point = evaluation.values["nominal"], evaluation.operating_points["m1"]
        # the supply feeds the one transistor, whose id ngspice gives for all m in parallel
        assert values["power"] == pytest.approx(1.0 * point.id, rel=1e-3)
        # one pole: R1 in parallel with the output conductance, into 1 pF and a few fF of its own
        pole = (1 / sizing["R1"] + point.gds) / (2 * 3.141592653589793 * 1e-12)
        assert values["bandwidth"] == pytest.approx(pole, rel=0.03)
        assert values["gate_area"] == pytest.approx(sizing["M1.w"] * 90e-9 * sizing["M1.m"])
