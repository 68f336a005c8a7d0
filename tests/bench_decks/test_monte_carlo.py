"""Monte Carlo of a designer's own deck draws the same chips as that of a template."""

import json
from pathlib import Path

import pytest

from eda_agent.cli import main

DECK = """* follower and open loop of an OTA with an inner cell, by a designer
.lib sky130.lib.spice tt
x1 inp inn out ib vdd vss ota
x2 inp out2 out2 ib2 vdd vss ota
V1 vdd 0 1.8
V4 vss 0 0
V2 inp 0 dc 0.9 ac 1
V3 inn 0 0.9
I0 vdd ib 20u
I1 vdd ib2 20u
C1 out 0 2p
C2 out2 0 2p
.control
op
let offset = v(out2) - v(inp)
print offset i(v1)
.endc
.subckt half d g s b
XM1 d g s b sky130_fd_pr__nfet_01v8 w=10 l=1
.ends
.subckt ota inp inn out ib vdd vss
Xa d1 inp t vss half
Xb out inn t vss half
XM3 d1 d1 vdd vdd sky130_fd_pr__pfet_01v8 w=8 l=1
XM4 out d1 vdd vdd sky130_fd_pr__pfet_01v8 w=8 l=1
XM5 t ib vss vss sky130_fd_pr__nfet_01v8 w=8 l=2
XM6 ib ib vss vss sky130_fd_pr__nfet_01v8 w=4 l=2
XR vss t vss sky130_fd_pr__res_high_po_0p35 l=200
.ends ota
.end
"""
SPEC = """name: offset
circuit: tb.spice
subckt: ota
pdk: sky130A
parameters:
  XM5.w: {min: 1u, max: 50u}
ports: {inp: inp, inn: inn, out: out, vdd: vdd, vss: vss}
bias: {ib: {current: 20u}}
testbenches:
  loop: {template: opamp_open_loop, load: 2p, vcm: 0.9}
  tb: {deck: tb.spice, supply: v1}
specs:
  input_offset: {testbench: loop, unit: V, maximum: 1}
  offset: {testbench: tb, unit: V, maximum: 1}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""


def values(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[float]]:
    (folder / "tb.spice").write_text(DECK, encoding="utf-8")
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    capsys.readouterr()
    assert main(["mc", str(folder / "spec.yaml"), "--samples", "6", "--json"]) == 0
    return {name: row["values"] for name, row in json.loads(capsys.readouterr().out)["specs"].items()}


def test_the_offset_of_each_sample_is_that_of_a_template(tmp_path, capsys):
    found = values(tmp_path, capsys)
    # a template measures the open loop, the deck a follower
    assert [-value for value in found["offset"]] == pytest.approx(found["input_offset"], rel=5e-3, abs=2e-5)
    assert len({round(value, 6) for value in found["offset"]}) == 6
