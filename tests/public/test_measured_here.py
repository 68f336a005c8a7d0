"""A circuit that the suite's Python code measures has a testbench of ours, apart from those that run as they stand."""

import math

import pytest

from eda_agent.bench.public import read_public, status_table

STAGE = """pdk_lib_path: "/path/to/sky130.lib.spice"
user_specs_metric: "gain_db > 3 AND bandwidth_mhz > 10 AND power_uw < 900 AND output_swing_v > 0.5"
params: {vdd: 1.8, bias: 0.75, load: 10e-12}
variable: {W_in: null, R_top: null}
W_in_values: [5, 10, 20]
R_top_values: [1e3, 2e3, 3e3]
subckt_name: STAGE
metrics: [gain_db, bandwidth_mhz, power_uw, output_swing_v]
circuit_type: "KIND"
ota_subckt_template: |
  * a stage with a resistor
  XMIN VOUT VIN GND GND sky130_fd_pr__nfet_01v8 w={W_in} l=0.5
  RTOP VDD VOUT {R_top}
  CL VOUT GND {load}
  VIN VIN GND DC {bias} AC 0.01
  VDD VDD GND DC {vdd}
testbench_template: |
  * nothing is measured
  {ota_subckt}
"""


def test_a_stage_is_measured_by_ours(tmp_path):
    for name, kind in (("stage", "resistive_load_amp"), ("gate", "nand_gate")):
        (tmp_path / f"{name}.yaml").write_text(STAGE.replace("KIND", kind), encoding="utf-8")
    suite, circuits = read_public(tmp_path, tmp_path / "out", lambda name: None)
    assert not suite.tasks and (tmp_path / "out" / "ours.yaml").read_text() == "tasks:\n  - {spec: stage/spec.yaml}\n"
    table = status_table(circuits)
    assert "| stage | ours |" in table and "| gate | no |" in table and "0 of 2 circuits run as they stand." in table
    found = next(one for one in circuits if one.name == "stage").values
    # the current of the resistor, and one pole whose resistance is a little below that of the resistor
    drop = found["power_uw"] * 1e-6 / 1.8 * 2e3
    assert found["output_swing_v"] == pytest.approx(min(drop, 1.8 - drop), rel=1e-4)
    pole = math.sqrt(10**0.3 - 1) / (2 * math.pi * 2e3 * 10e-12) * 1e-6
    assert pole < found["bandwidth_mhz"] < 1.15 * pole and found["gain_db"] > 3
