"""References: temperature coefficient against operating points at five set temperatures, the rest against sweeps
downwards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

from ..simulation.test_current_reference import SINK, SOURCE
from .plain import library, ngspice

NFET = "sky130_fd_pr__nfet_01v8"
CIRCUITS = {
    "gate-source voltage": f"R1 vdd out {{R}}\nXM1 out out vss vss {NFET} w=5 l=1\n",
    "difference of two": (
        f"R1 vdd a {{R}}\nXM1 a a vss vss {NFET} w=1 l=2\nXM2 vdd a out vss {NFET} w=20 l=0.5\nR2 out vss 200k\n"
    ),
}
SPECS = (
    "{reference_voltage: {testbench: t, unit: V, minimum: 0.1}, temperature_coefficient: {testbench: t, unit: ppm/K,"
    " maximum: 1}, supply_current: {testbench: t, unit: A, maximum: 1}, line_regulation: {testbench: l, unit: V/V,"
    " maximum: 1}, psrr_plus: {testbench: a, unit: dB, minimum: -99}}"
)


@pytest.mark.parametrize("name", CIRCUITS)
def test_reference(name: str, tmp_path: Path) -> None:
    netlist = f".param R=100k\n.subckt ref out vdd vss\n{CIRCUITS[name]}.ends\n"
    (tmp_path / "c.spice").write_text("* reference\n" + netlist)
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: ref\npdk: sky130A\nparameters: {R: {min: 1k, max: 1M}}\n"
        f"testbenches: {{t: {{template: reference}}, l: {{template: reference_line}},"
        f" a: {{template: reference_ac}}}}\nspecs: {SPECS}\n"
        "corners: {one: {process: ss, vdd: 1.7, temperature: 60}}\n"
    )
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    deck = library("ldo", "ss", True) + netlist + "Xdut out vdd 0 ref\nVvdd vdd 0 1.7\n.option reltol=1e-7\n"
    temperatures = (-40, 1.25, 42.5, 83.75, 125)
    point = "dc vvdd 1.7 1.7 1"
    *runs, line = ngspice(
        deck,
        [(f"set temp={kelvin}; {point}", "v(out) i(vvdd)") for kelvin in (*temperatures, 60)]
        + [("dc vvdd 1.87 1.53 -1m", "v(out)")],
    )
    out = np.array([run[1][0] for run in runs])
    # Simpson's rule over the five
    mean = float(np.dot(out[:5], [1, 4, 2, 4, 1]) / 12)
    assert values["temperature_coefficient"] == pytest.approx(1e6 * np.ptp(out[:5]) / mean / 165, rel=0.01)
    assert values["reference_voltage"] == pytest.approx(out[5], rel=1e-4)
    assert values["supply_current"] == pytest.approx(-runs[5][2][0], rel=1e-3)
    low, high = (float(np.interp(volt, line[0][::-1], line[1][::-1])) for volt in (1.6999, 1.7001))
    assert values["psrr_plus"] == pytest.approx(-20 * np.log10((high - low) / 2e-4), abs=0.1)
    assert values["line_regulation"] == pytest.approx((line[1][0] - line[1][-1]) / (line[0][0] - line[0][-1]), rel=5e-3)


@pytest.mark.parametrize("netlist", [SOURCE, SINK], ids=["beta multiplier", "mirror"])
def test_current_reference(netlist: str, tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(netlist)
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: ref\npdk: sky130A\nparameters: {R1: {min: 1k, max: 1MEG}}\ntestbenches: {t:"
        " {template: current_reference, compliance: 0.8}, l: {template: current_reference_line, compliance: 0.8}, c:"
        " {template: current_reference_compliance, compliance: 0.8}}\nspecs: {output_current: {testbench: t, unit: A,"
        " minimum: 1u}, temperature_coefficient: {testbench: t, unit: ppm/K, maximum: 1}, line_sensitivity: {testbench:"
        " l, unit: '%/V', maximum: 1}, compliance_range: {testbench: c, unit: V, minimum: 1}}\ncorners: {one: {process:"
        " ss, vdd: 1.7, temperature: 60}}\n"
    )
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    deck = (
        library("ldo", "ss", True)
        + netlist
        + "Xdut out vdd 0 ref\nVvdd vdd 0 1.7\nVhold out 0 0.8\n.option reltol=1e-7\n"
    )
    *runs, line, out = ngspice(
        deck,
        [(f"set temp={kelvin}; dc vvdd 1.7 1.7 1", "i(vhold)") for kelvin in (-40, 1.25, 42.5, 83.75, 125, 60)]
        + [("dc vvdd 1.87 1.53 -1m", "i(vhold)"), ("dc vhold 1.7 0 -1m", "i(vhold)")],
    )
    current = np.array([run[1][0] for run in runs])
    mean = float(np.dot(current[:5], [1, 4, 2, 4, 1]) / 12)
    assert values["output_current"] == pytest.approx(abs(current[5]), rel=1e-4)
    assert values["temperature_coefficient"] == pytest.approx(1e6 * np.ptp(current[:5]) / abs(mean) / 165, rel=0.01)
    high, low = line[1][0], line[1][-1]
    slope = 100 * abs((high - low) / ((high + low) / 2)) / (line[0][0] - line[0][-1])
    assert values["line_sensitivity"] == pytest.approx(slope, rel=1e-3)
    inside = out[0][np.abs(out[1] / current[5] - 1) <= 0.05]
    assert values["compliance_range"] == pytest.approx(np.ptp(inside), abs=2e-3)
