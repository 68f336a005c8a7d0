"""Circuits whose testbenches are judged, and the judge."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness import Soundness, judge
from eda_agent.simulation.workbench import Workbench

OTA = """* an amplifier with what a test adds
.subckt ota inp inn out ib vdd vss
XM1 d1 inp t vss sky130_fd_pr__nfet_01v8 W=5 L=0.5 nf=1 m=1
XM2 {drain} inn t vss sky130_fd_pr__nfet_01v8 W=5 L=0.5 nf=1 m=1
XM3 d1 d1 vdd vdd sky130_fd_pr__pfet_01v8 W=4 L=0.5 nf=1 m=1
XM4 {drain} d1 vdd vdd sky130_fd_pr__pfet_01v8 W=4 L=0.5 nf=1 m=1
XM5 t ib vss vss sky130_fd_pr__nfet_01v8 W=2 L=1 nf=1 m=4
XM6 ib ib vss vss sky130_fd_pr__nfet_01v8 W=2 L=1 nf=1 m=1
{more}
.ends
"""


OTA_SPEC = """name: ota
circuit: c.spice
subckt: ota
pdk: sky130A
parameters:
  XM1.w: {min: 1u, max: 50u, step: 10n, scale: log}
  XM3.w: {min: 1u, max: 50u, step: 10n, scale: log}
  XM5.m: {min: 1, max: 20, step: 1, scale: log}
match: [[XM1, XM2], [XM3, XM4]]
ports: {PORTS}
bias: {ib: {current: 5u}}
testbenches:
  loop: {template: opamp_open_loop, load: 1p}
  step: {template: opamp_step, load: 1p}
specs:
  dc_gain: {testbench: loop, unit: dB, minimum: 30}
  phase_margin: {testbench: loop, unit: deg, minimum: 60}
  input_noise: {testbench: loop, unit: V/√Hz, maximum: 100n}
  power: {testbench: loop, unit: W, maximum: 200u}
  slew_rate_up: {testbench: step, unit: V/us, minimum: 5}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""


def written(folder: Path, netlist: str, spec: str) -> Problem:
    (folder / "c.spice").write_text(netlist, encoding="utf-8")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    return load_problem(folder / "spec.yaml")


def judged(problem: Problem, pool: LocalPool) -> Soundness:
    return judge(evaluator_of(problem, pool))


def evaluator_of(problem: Problem, pool: LocalPool) -> Evaluator:
    return Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())


def amplifier(
    folder: Path, *, drain: str = "out", more: str = "", inputs: tuple[str, str] = ("inp", "inn"), spec: str = OTA_SPEC
) -> Problem:
    ports = f"inp: {inputs[0]}, inn: {inputs[1]}"
    return written(folder, OTA.format(drain=drain, more=more), spec.replace("PORTS", ports))
