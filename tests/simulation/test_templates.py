"""Testbench templates on circuits whose answers are closed forms, through real ngspice."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

# A = 1000, one pole at 1/(2 pi 1k 1n); couplings of the supply and of the common mode straight to the output
AMPLIFIER = """* ideal amplifier
.model n nmos level=1
.subckt amp inp inn out vdd vss
Eamp a 0 inp inn 1000
Rp a b {R}
R9 vdd vss 1meg
Cp b 0 1n
Esup c b vdd 0 0.05
Ecm d c inp 0 0.1
Eout out 0 d 0 1
.param R=1k
.ends
"""


def measured(tmp_path: Path, netlist: str, subckt: str, bench: str, specs: str) -> dict[str, float | None]:
    (tmp_path / "c.spice").write_text(netlist)
    (tmp_path / "spec.yaml").write_text(
        f"circuit: c.spice\nsubckt: {subckt}\npdk: own\nparameters: {{R: {{min: 100, max: 100k}}}}\ntestbenches: {{t:"
        f" {bench}}}\nspecs: {specs}\ncorners: {{nominal: {{process: tt, vdd: 1.8, temperature: 27}}}}\n"
    )
    return measure_once(load_problem(tmp_path / "spec.yaml"))


def test_cmrr_and_psrr_in_unity_feedback(tmp_path: Path) -> None:
    # a follower's output is what is coupled in, divided by 1 + A
    bench = "{template: opamp_psrr_plus, at_frequency: 10}"
    values = measured(tmp_path, AMPLIFIER, "amp", bench, "{psrr_plus: {testbench: t, unit: dB, minimum: 1}}")
    assert values["psrr_plus"] == pytest.approx(20 * math.log10(1001 / 0.05), abs=0.01)
    bench = "{template: opamp_cmrr, at_frequency: 10}"
    values = measured(tmp_path, AMPLIFIER, "amp", bench, "{cmrr: {testbench: t, unit: dB, minimum: 1}}")
    # out = A (inp - inn) + 0.1 inp with inn = out + v, inp = v: out = 0.1 v / (1 + A)
    assert values["cmrr"] == pytest.approx(20 * math.log10(1001 / 0.1), abs=0.01)


def test_the_loop_by_injection_is_the_amplifiers_gain(tmp_path: Path) -> None:
    specs = (
        "{dc_gain: {testbench: t, unit: dB, minimum: 1}, gbw: {testbench: t, unit: Hz, minimum: 1}, phase_margin:"
        " {testbench: t, unit: deg, minimum: 1}}"
    )
    netlist = AMPLIFIER.replace("Ecm d c inp 0 0.1", "Rx d c 1")
    values = measured(tmp_path, netlist, "amp", "{template: opamp_loop}", specs)
    pole = 1 / (2 * math.pi * 1e3 * 1e-9)
    assert values["dc_gain"] == pytest.approx(60, abs=0.01)
    assert values["gbw"] == pytest.approx(pole * math.sqrt(1000**2 - 1), rel=2e-3)
    assert values["phase_margin"] == pytest.approx(180 - math.degrees(math.atan(1000)), abs=0.1)


def test_a_transimpedance_amplifier(tmp_path: Path) -> None:
    netlist = (
        "* tia\n.model n nmos level=1\n.subckt tia in out vdd vss\nEamp out 0 0 in 100\nRf out in {R}\nR9 vdd vss"
        " 1meg\n.param R=10k\n.ends\n"
    )
    specs = (
        "{transimpedance: {testbench: t, unit: Ohm, minimum: 1}, bandwidth: {testbench: t, unit: Hz, minimum: 1}, "
        "input_noise_current: {testbench: t, unit: A/√Hz, maximum: 1}}"
    )
    values = measured(tmp_path, netlist, "tia", "{template: transimpedance, source: 1p}", specs)
    assert values["transimpedance"] == pytest.approx(1e4 * 100 / 101, rel=1e-4)
    assert values["bandwidth"] == pytest.approx(101 / (2 * math.pi * 1e4 * 1e-12), rel=2e-3)
    # √(4kT/R) of the feedback resistor, at 27 °C
    assert values["input_noise_current"] == pytest.approx(math.sqrt(4 * 1.380649e-23 * 300.15 / 1e4), rel=1e-2)


def test_a_reference_over_temperature_and_supply(tmp_path: Path) -> None:
    netlist = (
        "* divider\n.model n nmos level=1\n.subckt ref out vdd vss\nR1 vdd out {R} tc1=1m\nR2 out vss 1k\n.param"
        " R=1k\n.ends\n"
    )
    specs = (
        "{reference_voltage: {testbench: t, unit: V, minimum: 0.1}, temperature_coefficient: {testbench: t, unit:"
        " ppm/K, maximum: 1}}"
    )
    values = measured(tmp_path, netlist, "ref", "{template: reference}", specs)
    assert values["reference_voltage"] == pytest.approx(0.9, rel=1e-6)
    # out = vdd / (2 + 1e-3 (T − 27)): the sweep's own points
    step = 165 / 33
    curve = [1.8 / (2 + 1e-3 * (-40 + step * k - 27)) for k in range(34)]
    expected = 1e6 * (max(curve) - min(curve)) / (sum(curve) / 34 * 165)
    assert values["temperature_coefficient"] == pytest.approx(expected, rel=1e-3)
    values = measured(
        tmp_path,
        netlist,
        "ref",
        "{template: reference_line}",
        "{line_regulation: {testbench: t, unit: V/V, maximum: 1}}",
    )
    assert values["line_regulation"] == pytest.approx(0.5, rel=1e-6)


def test_a_follower_that_clips_and_bends(tmp_path: Path) -> None:
    # out follows between 0.2 and 1.5 V
    netlist = (
        "* clip\n.model n nmos level=1\n.subckt amp inp inn out vdd vss\nB1 a 0 v=min(max(v(inp),0.2),1.5)\nRa a out"
        " {R}\nR9 vdd vss 1meg\nR8 inn 0 1g\n.param R=1\n.ends\n"
    )
    values = measured(
        tmp_path, netlist, "amp", "{template: opamp_icmr}", "{input_range: {testbench: t, unit: V, minimum: 0.1}}"
    )
    assert values["input_range"] == pytest.approx(1.3, abs=0.025)
    # x + 0.1 x² around the middle: a sine of 0.2 V has a second harmonic of 0.1 · 0.2/2
    netlist = netlist.replace("v=min(max(v(inp),0.2),1.5)", "v=v(inp)+0.1*(v(inp)-0.9)*(v(inp)-0.9)")
    values = measured(
        tmp_path,
        netlist,
        "amp",
        "{template: opamp_thd, amplitude: 0.2, frequency: 10k}",
        "{thd: {testbench: t, unit: '%', maximum: 1}}",
    )
    assert values["thd"] == pytest.approx(1.0, rel=0.02)


def test_a_regulator_made_of_an_ideal_amplifier(tmp_path: Path) -> None:
    netlist = (
        "* ldo\n.model n nmos level=1\n.subckt ldo vdd vss vref fb out\nEamp a 0 vref fb 100\nRo a out {R}\nR9 vdd vss"
        " 1meg\n.param R=100\n.ends\n"
    )
    specs = "{load_regulation: {testbench: t, unit: Ohm, maximum: 1}}"
    values = measured(
        tmp_path, netlist, "ldo", "{template: ldo_load, load_current: 1m, r_top: 100k, r_bottom: 200k}", specs
    )
    # output resistance 100 Ω in parallel with the divider, divided by 1 + A β
    beta = 200 / 300
    assert values["load_regulation"] == pytest.approx(100 / (1 + 100 * beta + 100 / 300e3), rel=1e-3)


def test_rejection_of_the_negative_supply(tmp_path: Path) -> None:
    netlist = AMPLIFIER.replace("Eout out 0 d 0 1", "Eneg e d vss 0 0.02\nEout out 0 e 0 1")
    bench = "{template: opamp_psrr_minus, at_frequency: 10}"
    values = measured(tmp_path, netlist, "amp", bench, "{psrr_minus: {testbench: t, unit: dB, minimum: 1}}")
    assert values["psrr_minus"] == pytest.approx(20 * math.log10(1001 / 0.02), abs=0.01)


def test_an_oscillator_without_losses(tmp_path: Path) -> None:
    """A coil and the load's capacitance, kicked once: 1 / (2 π √(L C)); the integration step of 1/50 period bends it by
    0.13 %.
    """
    netlist = (
        "* tank\n.model n nmos level=1\n.subckt osc out vdd vss\nEmid mid 0 vdd 0 0.5\nL1 out mid 25u\nR9 vdd vss"
        " {R}\n.param R=10k\n.ends\n"
    )
    frequency = 1 / (2 * math.pi * math.sqrt(25e-6 * 1e-12))
    specs = "{oscillation_frequency: {testbench: t, unit: Hz, minimum: 1}, power: {testbench: t, unit: W, maximum: 1}}"
    values = measured(
        tmp_path, netlist, "osc", f"{{template: oscillator, load: 1p, frequency: {frequency:.6g}}}", specs
    )
    assert values["oscillation_frequency"] == pytest.approx(frequency, rel=3e-3)
    assert values["power"] == pytest.approx(1.8**2 / 10e3, rel=1e-3)


def test_a_current_out_of_a_port_counts_as_supply_current(tmp_path: Path) -> None:
    """A diode to the supply whose current a sink takes: the supply delivers it. A source into a port comes from the
    supply as well.
    """
    netlist = (
        "* bias\n.model n nmos level=1\n.subckt amp inp inn out vdd vss up down\nRd vdd up 1k\nRu down vss 1k\nR9 vdd"
        " vss {R}\nR8 inp inn 1g\nRo out vss 1g\n.param R=18k\n.ends\n"
    )
    (tmp_path / "c.spice").write_text(netlist)
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: amp\npdk: own\nparameters: {R: {min: 100, max: 100k}}\nbias: {up: {current: -10u},"
        " down: {current: vdd/90k}}\ntestbenches: {t: {template: opamp_loop}}\nspecs: {supply_current: {testbench: t,"
        " unit: A, maximum: 1}}\ncorners: {nominal: {process: tt, vdd: 1.8, temperature: 27}}\n"
    )
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    # 1.8 V / 18 kΩ, 10 µA and 20 µA
    assert values["supply_current"] == pytest.approx(130e-6, rel=1e-4)


def test_rejection_at_a_frequency_is_on_the_grid_wherever_it_lies(tmp_path: Path) -> None:
    """A coupling that a notch at 33 kHz blocks, and one below 1 Hz, where a sweep from 1 Hz would have nothing."""
    resonant = "Lsup c n 23.2605m\nCsup n d 1n\nRx d 0 1\nEn c 0 vdd 0 1\n"
    netlist = (
        "* coupled\n.model n nmos level=1\n.subckt amp inp inn out vdd vss\n"
        + resonant
        + "Ed out 0 d 0 1\nR9 vdd inn {R}\n.param R=1k\n.ends\n"
    )
    notch = 1 / (2 * math.pi * math.sqrt(23.2605e-3 * 1e-9))
    for at in (notch, 0.02, 3.3e9):
        bench = f"{{template: opamp_psrr_plus, at_frequency: {at:.9g}}}"
        values = measured(tmp_path, netlist, "amp", bench, "{psrr_plus: {testbench: t, unit: dB, minimum: 1}}")
        reactance = 2 * math.pi * at * 23.2605e-3 - 1 / (2 * math.pi * at * 1e-9)
        assert values["psrr_plus"] == pytest.approx(20 * math.log10(math.hypot(1, reactance)), abs=0.02)


def test_the_swing_of_an_amplifier_whose_common_mode_is_not_in_the_middle(tmp_path: Path) -> None:
    # an ideal amplifier between rails at 0.1 and 1.7 V; vcm is 0.5 V
    netlist = (
        "* rails\n.model n nmos level=1\n.subckt amp inp inn out vdd vss\nB1 a 0 v=min(max(1e4*v(inp,inn),0.1),1.7)\nRa"
        " a out 1\nR9 vdd vss {R}\n.param R=1k\n.ends\n"
    )
    specs = "{output_swing: {testbench: t, unit: V, minimum: 0.1}}"
    for vcm in (0.5, 0.9, 1.4):
        values = measured(tmp_path, netlist, "amp", f"{{template: opamp_swing, vcm: {vcm}}}", specs)
        assert values["output_swing"] == pytest.approx(1.6, abs=0.011)


def test_an_oscillator_that_dies_out_has_no_frequency(tmp_path: Path) -> None:
    netlist = (
        "* tank\n.model n nmos level=1\n.subckt osc out vdd vss\nEmid mid 0 vdd 0 0.5\nL1 out mid 1u\nR9 out mid"
        " {R}\n.param R=2k\n.ends\n"
    )
    frequency = 1 / (2 * math.pi * math.sqrt(1e-6 * 25e-12))
    specs = "{oscillation_frequency: {testbench: t, unit: Hz, minimum: 1}}"
    values = measured(
        tmp_path, netlist, "osc", f"{{template: oscillator, load: 25p, frequency: {frequency:.6g}}}", specs
    )
    assert values["oscillation_frequency"] is None


def test_line_regulation_beside_the_nominal_supply(tmp_path: Path) -> None:
    """Settings that leave out the nominal input, or reach below what dropout needs."""
    netlist = (
        "* ldo\n.model n nmos level=1\n.subckt ldo vdd vss vref fb out\nB1 a 0"
        " v=min(100*v(vref,fb),v(vdd)-0.1)+0.01*v(vdd)\nRo a out 1\nR9 vdd vss {R}\n.param R=1k\n.ends\n"
    )
    specs = "{line_regulation: {testbench: t, unit: V/V, maximum: 1}, dropout: {testbench: t, unit: V, maximum: 1}}"
    for low, high in ((1.5, 1.7), (1.6, 1.9), (0.3, 0.5)):
        values = measured(
            tmp_path, netlist, "ldo", f"{{template: ldo_line, line_low: {low}, line_high: {high}}}", specs
        )
        expected = 1.01 if high < 1 else 0.01 / (1 + 100 * 2 / 3)
        assert values["line_regulation"] == pytest.approx(expected, rel=0.01)
        # 0.1 V, less 1 % of the input, and 1 Ω times 1 mA and the divider's current
        assert values["dropout"] == pytest.approx(0.1 - 0.0127 + 1e-3, abs=2e-3)
