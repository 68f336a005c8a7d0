"""A sample and hold whose clock is taken for its complement does not test: it tracks where it should hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness.judgement import symptoms_of
from eda_agent.simulation.soundness.observation import observe
from eda_agent.simulation.workbench import Workbench

MODEL = ".model nch nmos level=1 vto=0.5 kp=200u cgso=200p cgdo=200p tox=8n\n"
SWITCH = ".subckt sh in out clk vss\nM1 out clk in vss nch W=10u L=1u\nC1 out vss 1p\n.ends\n"
CUT = SWITCH.replace("M1 out clk in", "M1 x clk in")


@pytest.mark.parametrize(
    ("text", "ports", "wanted"),
    [
        (SWITCH, "vdd: none", set()),
        (SWITCH, "vdd: none, clk: none, clkb: clk", {"does not hold"}),
        (CUT, "vdd: none", {"does not track"}),
    ],
)
def test_what_it_does_is_told(text: str, ports: str, wanted: set[str], tmp_path: Path, pool: LocalPool) -> None:
    (tmp_path / "sh.spice").write_text(f"* switch\n{MODEL}{text}")
    (tmp_path / "spec.yaml").write_text(
        f"circuit: sh.spice\nsubckt: sh\npdk: own\nports: {{{ports}}}\nparameters:\n  M1.w: {{min: 1u, max: 20u}}\n"
        "testbenches:\n  s: {template: sample_hold, signal_high: 1.5}\nspecs:\n  pedestal: {testbench: s, maximum: 1}\n"
        "corners:\n  nominal: {process: tt, vdd: 3, temperature: 27}\n"
    )
    problem = load_problem(tmp_path)
    evaluator = Evaluator(problem, Workbench(problem, tmp_path / "models"), pool, NoCache())
    (seen,) = observe(evaluator, [problem.space.initial], "nominal")
    assert {symptom.check for symptom in symptoms_of(seen)} & {"does not track", "does not hold"} == wanted
