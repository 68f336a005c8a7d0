"""The parts of noise in time: flat lines, the names and parts of ngspice's noise, perturbations in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.perturbation import Trajectory, backwards, time_shifts
from eda_agent.simulation.flat_lines import flat_lines
from eda_agent.simulation.held_circuit import parts, totals


def test_flat_lines_are_elements_with_their_nets() -> None:
    text = (
        ".subckt res a b c\nr1 a b 10\n.ends\n.subckt fet d g s b\nm0 d g s b n w=1\n.ends\n"
        "m0 d g s\n+ b n w=1u l=1u\nx1 a 0 sub res w=1\nx2 d g s b fet w=1\nr3 a gnd 1k\n* r4 a b 1\nl5 a b 2n\n"
    )
    elements, others = flat_lines(text)
    assert [(one.name, one.across) for one in elements] == [
        ("m0", ("d", "s")),
        ("x1", ("a", "0")),
        ("x2", ("d", "s")),
        ("r3", ("a", "0")),
        ("l5", None),
    ]
    assert elements[0].rest == "n w=1u l=1u" and elements[1].rest == "res w=1"
    assert others.count(".subckt") == 2 and "m0 d g s b n w=1\n" in others


def test_totals_leave_out_the_parts() -> None:
    names = ["frequency", "onoise_m1", "onoise_m1_id", "onoise_m11", "onoise_m.x1.m0", "onoise_m.x1.m0_id"]
    names += ["onoise_r.x1.rg", "onoise_r.x1.rg_thermal", "onoise_r.x12.rg"]
    assert totals(names, "m1") == ["onoise_m1"]
    assert totals(names, "x1") == ["onoise_m.x1.m0", "onoise_r.x1.rg"]


@given(st.floats(-24, -18), st.one_of(st.just(-math.inf), st.floats(-20, -8)), st.floats(0.8, 1.3))
def test_a_density_is_told_into_white_and_flicker_noise(white: float, flicker: float, slope: float) -> None:
    axis = 10.0 ** np.arange(9)
    w, k = 10**white, 10**flicker if flicker > -math.inf else 0.0
    found = parts(axis, w + k * axis**-slope)
    at = 1e6
    assert found[0] + found[1] * at ** -found[2] == pytest.approx(w + k * at**-slope, rel=0.1)
    if k * 10 ** (-8 * slope) < w / 10:
        assert found[0] == pytest.approx(w, rel=0.15)


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_charge_on_a_capacitor_decays_through_its_resistor(r: float, c: float) -> None:
    steps, span = 400, 2 * r * c
    count = steps + 1
    line = Trajectory(span / steps, np.full((count, 1, 1), c), np.full((count, 1, 1), 1 / r))
    found, _ = backwards(line, np.ones(1))
    left = span * (1 - (np.arange(steps) + 0.5) / steps)
    assert found[:, 0] == pytest.approx(np.exp(-left / (r * c)) / c, rel=1e-3)


def test_the_shift_of_a_van_der_pol_oscillator_is_that_of_its_sine() -> None:
    """v' + i + f(v) = 0 and i' = v with f = −g v + g v³/3: nearly v = 2 cos t."""
    steps, g, amplitude = 301, 0.02, 2.0
    times = np.linspace(0, 2 * math.pi, steps + 1)
    c = np.tile(np.eye(2), (steps + 1, 1, 1))
    conductance = np.zeros((steps + 1, 2, 2))
    conductance[:, 0, 1], conductance[:, 1, 0] = 1.0, -1.0
    start = -0.3  # where v has a slope
    slope = np.array([-amplitude * math.sin(start)])
    volts = amplitude * np.cos(times + start)
    conductance[:, 0, 0] = -g + g * volts**2
    shifts, decay = time_shifts(Trajectory(times[1], c, conductance), slope)
    middle = (times[1:] + times[:-1]) / 2 + start
    # v = A cos φ: dv moves the phase by −sin φ · dv/A, and a larger phase is an earlier waveform
    assert shifts[:, 0] == pytest.approx(np.sin(middle) / amplitude, abs=0.02)
    assert decay == pytest.approx(math.exp(-g * 2 * math.pi), rel=0.02)


def test_what_does_not_oscillate_has_no_shift() -> None:
    still = Trajectory(0.1, np.ones((12, 1, 1)), np.ones((12, 1, 1)))
    with pytest.raises(Unmeasurable, match="no lasting shift"):
        time_shifts(still, np.ones(1))
