"""Current references: closed forms, and on real devices every number a second way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.reference import compliance_range, line_sensitivity
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

from .test_templates import measured

SOURCE = """* a beta multiplier: the current flows out of the port
.subckt ref out vdd vss
XM1 a a vss vss sky130_fd_pr__nfet_01v8 W=5 L=2 nf=1 m=1
XM2 b a s vss sky130_fd_pr__nfet_01v8 W=5 L=2 nf=1 m=8
R1 s vss 10k
XM3 a b vdd vdd sky130_fd_pr__pfet_01v8 W=5 L=2 nf=1 m=1
XM4 b b vdd vdd sky130_fd_pr__pfet_01v8 W=5 L=2 nf=1 m=1
XM5 out b vdd vdd sky130_fd_pr__pfet_01v8 W=5 L=2 nf=1 m=1
.ends
"""
SINK = """* a mirror of a resistor's current: the current flows into the port
.subckt ref out vdd vss
R1 vdd x 50k
XM1 x x vss vss sky130_fd_pr__nfet_01v8 W=5 L=2 nf=1 m=1
XM2 out x vss vss sky130_fd_pr__nfet_01v8 W=5 L=2 nf=1 m=2
.ends
"""
SPEC = """circuit: c.spice
subckt: ref
pdk: sky130A
parameters: {R1: {min: 1k, max: 1MEG, scale: log}}
testbenches:
  drift: {template: current_reference, compliance: AT}
  line: {template: current_reference_line, line_low: 1.799, line_high: 1.801, compliance: 0.9}
  out: {template: current_reference_compliance, compliance: 0.9}
  small: {deck: tb.spice, probes: {out: sense}}
specs:
  output_current: {testbench: drift, unit: A, minimum: 1u}
  temperature_coefficient: {testbench: drift, unit: ppm/K, maximum: 1}
  line_sensitivity: {testbench: line, unit: '%/V', maximum: 1}
  compliance_range: {testbench: out, unit: V, minimum: 1}
  dc_gain: {testbench: small, unit: dB, minimum: -300}
corners: {nominal: {process: tt, vdd: 1.8, temperature: DEGREES}}
"""
# the same circuit, its supply moved by 1 V in AC: the current's answer is that of the slope
SMALL = (
    "* small signal\nVsup vdd 0 {vdd} ac 1\nVhold out 0 0.9\nHsense sense 0 Vhold 1\nXdut out vdd 0 ref\n.ac dec 1 0.01"
    " 0.1\n"
)


def values_of(folder: Path, netlist: str, at: float = 0.9, degrees: float = 27) -> dict[str, float]:
    (folder / "c.spice").write_text(netlist, encoding="utf-8")
    (folder / "tb.spice").write_text(SMALL, encoding="utf-8")
    (folder / "spec.yaml").write_text(
        SPEC.replace("AT", f"{at:.9f}").replace("DEGREES", f"{degrees:g}"), encoding="utf-8"
    )
    values = measure_once(load_problem(folder / "spec.yaml"))
    return {name: value for name, value in values.items() if value is not None}


def test_a_resistor_for_a_reference(tmp_path: Path) -> None:
    netlist = (
        "* resistor\n.model n nmos level=1\n.subckt ref out vdd vss\nR1 vdd out {R} tc1=1m\nR9 vdd vss 1meg\n.param"
        " R=90k\n.ends\n"
    )

    def found(bench: str, metric: str, unit: str) -> float:
        value = measured(tmp_path, netlist, "ref", bench, f"{{{metric}: {{testbench: t, unit: {unit}, minimum: 1p}}}}")[
            metric
        ]
        assert value is not None
        return value

    assert found("{template: current_reference}", "output_current", "A") == pytest.approx(10e-6, rel=1e-9)
    curve = [10e-6 / (1 + 1e-3 * (-40 + 5 * k - 27)) for k in range(34)]
    expected = 1e6 * (max(curve) - min(curve)) / (sum(curve) / 34 * 165)
    assert found("{template: current_reference}", "temperature_coefficient", "ppm/K") == pytest.approx(
        expected, rel=1e-6
    )
    # I = (vdd − 0.9) / R: relative slope 1/0.9 per volt; within 5 % while the voltage moves by 5 % of 0.9 V to either
    # side
    assert found("{template: current_reference_line}", "line_sensitivity", "'%/V'") == pytest.approx(
        100 / 0.9, rel=1e-6
    )
    assert found("{template: current_reference_compliance}", "compliance_range", "V") == pytest.approx(0.09, rel=1e-6)


@pytest.mark.parametrize("netlist", [SOURCE, SINK], ids=["source", "sink"])
def test_on_devices_a_second_method_gives_the_same(netlist: str, tmp_path: Path) -> None:
    values = values_of(tmp_path, netlist)
    current = values["output_current"]
    # line: the DC slope against AC at 0.01 Hz
    assert values["line_sensitivity"] == pytest.approx(100 * 10 ** (values["dc_gain"] / 20) / current, rel=2e-3)
    # temperature: operating points, a simulation each
    points = [
        current if degrees == 27 else values_of(tmp_path, netlist, degrees=degrees)["output_current"]
        for degrees in (-40, 27, 125)
    ]
    assert 1e6 * (max(points) - min(points)) / (sum(points) / 3 * 165) == pytest.approx(
        values["temperature_coefficient"], rel=0.03
    )
    # compliance: a source holds down to 0 V and a sink up to the supply; at the other end an operating point is 5 % off
    width = values["compliance_range"]
    assert 0.5 < width < 1.8
    rail, edge = (0.0, width) if netlist is SOURCE else (1.8, 1.8 - width)
    assert abs(values_of(tmp_path, netlist, at=rail)["output_current"] / current - 1) < 0.05
    assert abs(values_of(tmp_path, netlist, at=edge)["output_current"] / current - 1) == pytest.approx(0.05, abs=1e-3)


@given(st.floats(0.05, 0.4), st.floats(0.5, 0.95), st.floats(1e-9, 1e-3), st.sampled_from([1.0, -1.0]))
def test_a_plateau_is_as_wide_as_it_is(low: float, high: float, current: float, sign: float) -> None:
    voltage = np.linspace(0, 1, 2001)
    # steep sides of 1 mV
    values = sign * current * np.clip(np.minimum((voltage - low) / 1e-3, (high - voltage) / 1e-3), 0, 1)
    assert compliance_range(voltage, values, 0.45, 5) == pytest.approx(high - low, abs=2.5e-3)


@given(st.floats(0.0, 0.5), st.floats(1e-9, 1e-3), st.sampled_from([1.0, -1.0]))
def test_the_sensitivity_is_that_of_the_line(slope: float, current: float, sign: float) -> None:
    supply = np.linspace(1.62, 1.98, 41)
    values = sign * current * (1 + slope * (supply - 1.8))
    assert line_sensitivity(supply, values, 1.62, 1.98) == pytest.approx(100 * slope, rel=1e-6, abs=1e-9)


def test_no_current_is_no_number() -> None:
    with pytest.raises(Unmeasurable):
        line_sensitivity(np.array([1.0, 2.0]), np.zeros(2), 1.0, 2.0)
    with pytest.raises(Unmeasurable):
        compliance_range(np.array([0.0, 1.0]), np.zeros(2), 0.5, 5)
    assert not math.isnan(compliance_range(np.array([0.0, 1.0]), np.ones(2), 0.5, 5))
