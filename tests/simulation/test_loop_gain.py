"""Loop gain by double injection: against closed forms of networks, wherever the loop is broken, through real
ngspice.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.loop_probe import LoopProbeError, injection, with_injection
from eda_agent.run import open_evaluator
from eda_agent.simulation.loop_gain import loop_gain

admittance = st.complex_numbers(min_magnitude=1e-9, max_magnitude=1e2, allow_nan=False, allow_infinity=False)


@given(admittance, admittance, admittance, st.one_of(st.just(0j), admittance))
def test_the_formula_of_any_two_port(y_xx: complex, y_yy: complex, y_xy: complex, y_yx: complex) -> None:
    """Kirchhoff's laws solved by numpy for both injections, against T = (Yxy + Yyx) / (Yxx + Yyy)."""
    total, ends = y_xx + y_yy + y_xy + y_yx, y_xx + y_yy
    largest = max(abs(value) for value in (y_xx, y_yy, y_xy, y_yx))
    if min(abs(total), abs(ends)) < 1e-3 * largest or abs(y_xy + y_yx) < 1e-6 * largest:
        return
    found = []
    for volt, ampere in ((1.0, 0.0), (0.0, 1.0)):
        # unknowns v_x, v_y, current from y through the source to x
        matrix = np.array([[y_xx, y_xy, -1], [y_yx, y_yy, 1], [-1, 1, 0]])
        v_x, v_y, through = np.linalg.solve(matrix, np.array([ampere, 0, volt], dtype=complex))
        assert v_y - v_x == pytest.approx(volt, abs=1e-9)
        found.append((np.array([v_y]), np.array([-through])))
    assert loop_gain(*found)[0] == pytest.approx((y_xy + y_yx) / ends, rel=1e-4)


# two poles, and impedances of the same size on both sides of each wire; C3 bridges the second stage where it is not 0
TWO_POLES = """* loop
.model n nmos level=1
.subckt dut b c gnd vdd
G1 0 b c gnd -1m
R1 b 0 {R}
C1 b 0 1n
.param R=20k
.ends
"""
REST = """* the second stage and the divider of the loop, broken in one of three places
Vs vdd 0 {{vdd}}
Xdut {first} {last} 0 vdd dut
G2 0 d {into} 0 1m
R2 d 0 5k
C2 d 0 20p
Ri {into} 0 30k
{bridge}
Rt {out} e 7k
Rb e 0 3k
Ce e 0 2p
Rc c 0 4k
Rj e c 1
Vprobe {probe} dc 0
Vac x 0 dc 0 ac 0.3
Rac x c 1meg
.op
.ac dec 20 10 1g
"""
PLACES = {
    "after the first stage": {"first": "b", "last": "c", "into": "i", "out": "d", "probe": "i b"},
    "above the divider": {"first": "b", "last": "c", "into": "b", "out": "t", "probe": "t d"},
    "at the input": {"first": "b", "last": "y", "into": "b", "out": "d", "probe": "y c"},
}


def waves(folder: Path, netlist: str, deck: str, place: str, out: str = "c") -> tuple[np.ndarray, np.ndarray]:
    (folder / "c.spice").write_text(netlist)
    (folder / "tb.spice").write_text(deck)
    (folder / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: dut\npdk: own\nparameters: {R: {min: 100, max: 100k}}\ntestbenches: {t:"
        f" {{deck: tb.spice, probes: {{out: {out}, supply: vs, loop: vprobe}}}}}}\nspecs: {{phase_margin: {{testbench:"
        " t, unit: deg, minimum: 1}}\ncorners: {nominal: {process: tt, vdd: 1.8, temperature: 27}}\n"
    )
    problem = load_problem(folder / "spec.yaml")
    with open_evaluator(problem, cache=False) as evaluator:
        wave = evaluator.waveforms(problem.space.initial)["t", "nominal"]["waveforms"]["ac"]
        assert evaluator.prepare() == {}
    assert list(wave["probes"]) == ["loop"], place
    real, imaginary = wave["probes"]["loop"]
    return np.array(wave["axis"]), np.array(real) + 1j * np.array(imaginary)


def closed_form(frequency: np.ndarray) -> np.ndarray:
    """Return ratio of the loop: two stages with their loads, and the divider's transfer into its load."""
    s = 2j * math.pi * frequency
    divider_in, at_c = [], []
    for value in s:
        # nodes d, e, c: conductances of Rt, Rb, Rj, Rc and Rac
        matrix = np.array(
            [
                [1 / 5e3 + 20e-12 * value + 1 / 7e3, -1 / 7e3, 0],
                [-1 / 7e3, 1 / 7e3 + 1 / 3e3 + 2e-12 * value + 1, -1],
                [0, -1, 1 + 1 / 4e3 + 1e-6],
            ]
        )
        at_c.append(np.linalg.solve(matrix, np.array([1e-3, 0, 0]))[2])
        divider_in.append(1e-3 / (1 / 20e3 + 1 / 30e3 + 1e-9 * value))
    return np.array(divider_in) * np.array(at_c)


@pytest.mark.parametrize("place", PLACES)
def test_a_loop_wherever_it_is_broken(tmp_path: Path, place: str) -> None:
    """Two poles, the impedances on both sides of the probe of one size; an AC source of the deck's own stays silent."""
    frequency, found = waves(tmp_path, TWO_POLES, REST.format(**PLACES[place], bridge=""), place, out="e")
    np.testing.assert_allclose(found, closed_form(frequency), rtol=1e-6)


def test_a_bilateral_loop(tmp_path: Path) -> None:
    """A capacitor bridges the second stage, so that signals pass the probe both ways: T from the admittances on both
    sides of the break.
    """
    frequency, found = waves(
        tmp_path, TWO_POLES, REST.format(**PLACES["after the first stage"], bridge="C3 i d 3p"), "bridged"
    )
    expected = []
    for value in 2j * math.pi * frequency:
        # nodes d, e, c, then the ports: b (before the probe, driven by c) and i (behind it, driving d)
        bridge = 3e-12 * value
        matrix = np.array(
            [
                [1 / 5e3 + 20e-12 * value + 1 / 7e3 + bridge, -1 / 7e3, 0, 0, -1e-3 - bridge],
                [-1 / 7e3, 1 / 7e3 + 1 / 3e3 + 2e-12 * value + 1, -1, 0, 0],
                [0, -1, 1 + 1 / 4e3 + 1e-6, 0, 0],
                [0, 0, 1e-3, 1 / 20e3 + 1e-9 * value, 0],
                [-bridge, 0, 0, 0, 1 / 30e3 + bridge],
            ]
        )
        inside, out, into = matrix[:3, :3], matrix[3:, :3], matrix[:3, 3:]
        ports = matrix[3:, 3:] - out @ np.linalg.solve(inside, into)
        expected.append((ports[0, 1] + ports[1, 0]) / (ports[0, 0] + ports[1, 1]))
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-6)


def test_a_loop_probe_is_looked_at() -> None:
    assert injection(with_injection("V1 a b dc 0 ac 2\nI2 a 0 ac\nV3 c 0 1\nR1 a b 1\n", "v1"), "V1").silent == {
        "v1": 2.0,
        "i2": 1.0,
    }
    for deck, why in (
        ("R1 a b 1\n", "not a voltage source"),
        ("V1 a b dc 0.7\n", "must have 0 V"),
        ("V1 a b 1m\n", "must have 0 V"),
    ):
        with pytest.raises(LoopProbeError, match=why):
            with_injection(deck, "v1")
    with pytest.raises(LoopProbeError, match="inside a subcircuit"):
        injection("V1 a b 0\n.subckt s a\nVx a 0 ac 1\n.ends\nI_v1 0 b dc 0 ac 0\n", "v1")


def test_what_a_loop_gain_is_not_measured_for_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(TWO_POLES)
    (tmp_path / "tb.spice").write_text(REST.format(**PLACES["at the input"], bridge=""))
    bench = (
        "circuit: c.spice\nsubckt: dut\npdk: own\nparameters: {R: {min: 100, max: 100k}}\ntestbenches: {t: {deck:"
        " tb.spice, probes: {out: c, loop: PROBE}}}\n"
    )
    for probe, rest, why in (
        ("vprobe", "specs: {cmrr: {testbench: t, unit: dB, minimum: 1}}\n", "cmrr"),
        (
            "vprobe",
            (
                "measures: {m: {testbench: t, analysis: ac, unit: Hz, meas: when v(c)=1}}\nspecs: {m: {testbench: t,"
                " unit: Hz, minimum: 1}}\n"
            ),
            "cannot see",
        ),
        ("rc", "specs: {gbw: {testbench: t, unit: Hz, minimum: 1}}\n", "not a voltage source of the deck"),
    ):
        (tmp_path / "spec.yaml").write_text(bench.replace("PROBE", probe) + rest)
        with pytest.raises(InputError, match=why):
            load_problem(tmp_path / "spec.yaml")
