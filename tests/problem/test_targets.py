"""Drafted targets are what one circuit can do: settling, bandwidth, slew and step agree, and the load that is inside
stays.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.cli.main import main
from eda_agent.problem.draft.targets import SETTLED, hold_of, targets_of
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

SENSES = {
    "gbw": "minimum",
    "slew_rate_up": "minimum",
    "slew_rate_down": "minimum",
    "settling_time": "maximum",
    "power": "maximum",
}
STEP = 0.45
VALUES = st.fixed_dictionaries(
    {
        "gbw": st.none() | st.floats(1e3, 1e10),
        "slew_rate_up": st.none() | st.floats(1e2, 1e10),
        "slew_rate_down": st.none() | st.floats(1e2, 1e10),
        "settling_time": st.none() | st.floats(1e-9, 1e-2),
        "power": st.floats(1e-7, 1e-2),
    }
)


@given(VALUES)
def test_settling_is_never_shorter_than_bandwidth_and_slew_allow(measured: dict[str, float | None]) -> None:
    targets = {metric: value for metric, (value, _) in targets_of(SENSES, measured, STEP).items()}
    if not any(measured[metric] for metric in ("gbw", "settling_time", "slew_rate_up", "slew_rate_down")):
        return
    time = targets["settling_time"] * (1 + 1e-9)
    assert time >= SETTLED / (2 * math.pi * targets["gbw"])
    assert all(targets[name] * time >= STEP for name in ("slew_rate_up", "slew_rate_down"))


@given(st.floats(1e3, 1e9))
def test_what_was_not_measured_follows_what_was(gbw: float) -> None:
    """Issue: gbw ≥ 120 kHz beside settling ≤ 500 ns, "a common value"."""
    found = targets_of(SENSES, {"gbw": gbw, "power": 1e-4}, STEP)
    assert not any("common" in how for _, how in found.values())
    assert 0.5 < found["settling_time"][0] / (1.5 * SETTLED / (2 * math.pi * found["gbw"][0])) < 2
    hold = hold_of({"gbw": gbw, "settling_time": None})
    assert hold is not None and hold > 3 * SETTLED / (2 * math.pi * gbw) * 0.999
    assert hold_of({"gbw": None}) is None


SLOW = """* a five-transistor amplifier with its load inside
.subckt ota inp inn out ib vdd vss
XM1 d1 inp t vss sky130_fd_pr__nfet_01v8 W=5 L=0.5 nf=1 m=1
XM2 out inn t vss sky130_fd_pr__nfet_01v8 W=5 L=0.5 nf=1 m=1
XM3 d1 d1 vdd vdd sky130_fd_pr__pfet_01v8 W=4 L=0.5 nf=1 m=1
XM4 out d1 vdd vdd sky130_fd_pr__pfet_01v8 W=4 L=0.5 nf=1 m=1
XM5 t ib vss vss sky130_fd_pr__nfet_01v8 W=2 L=1 nf=1 m=4
XM6 ib ib vss vss sky130_fd_pr__nfet_01v8 W=2 L=1 nf=1 m=1
CL out vss {load}
.ends
"""


@pytest.mark.parametrize("load", ["300p", "{cl}"])
def test_a_slow_amplifier_with_its_load_inside(tmp_path: Path, load: str) -> None:
    text = SLOW.replace("{load}", load)
    netlist = tmp_path / "c.spice"
    netlist.write_text(text.replace("vdd vss\n", "vdd vss cl=300p\n", 1) if load == "{cl}" else text)
    assert main(["init", str(netlist)]) == 0
    problem = load_problem(tmp_path / "spec.yaml")
    assert not {"CL", "cl"} & set(problem.space.names)
    specs = {spec.name: spec for spec in problem.specs}
    settling, gbw = specs["settling_time"].maximum, specs["gbw"].minimum
    assert settling is not None and gbw is not None
    assert settling >= SETTLED / (2 * math.pi * gbw) and not any(
        "common" in line for line in (tmp_path / "spec.yaml").read_text().partition("\nspecs:")[2].splitlines()
    )
    # the drafted window is long enough at once, and what it says is what its bandwidth allows: slewing comes on top
    now = measure_once(problem)
    assert now["settling_time"] is not None and now["gbw"] is not None
    assert now["settling_time"] > SETTLED / (2 * math.pi * now["gbw"])
    assert float(problem.testbenches["step"].settings["hold"]) > 2 * now["settling_time"]


@given(st.floats(1e3, 9e11))
def test_what_the_circuit_does_now_reads_in_the_unit_of_the_target(slew: float) -> None:
    """The target of a slew rate is written in V/us: beside it stood `now 57.1 kV/s`."""
    found = targets_of(SENSES, {"slew_rate_up": slew}, STEP)
    (now,) = re.findall(r"now ([\d.]+) V/us", found["slew_rate_up"][1])
    assert float(now) * 1e6 == pytest.approx(slew, rel=0.006)


@given(st.floats(1e3, 1e9), st.floats(0.1, 120.0), st.floats(0.1, 120.0))
def test_an_unstable_loop_is_asked_for_less_bandwidth(gbw: float, less: float, more: float) -> None:
    less, more = sorted((less, more))
    senses = {"gbw": "minimum", "phase_margin": "minimum"}
    asked = [targets_of(senses, {"gbw": gbw, "phase_margin": phase}, STEP)["gbw"] for phase in (less, more)]
    assert asked[0][0] <= asked[1][0]
    # steps of a round number are up to 1.3 apart
    assert asked[0][0] < 0.8 * gbw if less < 1 else asked[1][0] > gbw if more > 60 else True
    assert ("of phase margin" in asked[0][1]) == (less < 45)
