"""How a step ends, on closed forms: one pole, two poles that ring, a slow doublet, slewing; settled only where the
truth has settled.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent import metrics
from eda_agent.metrics.tail import tail
from eda_agent.metrics.waveform import Waveform

BAND = 0.01
WINDOW = np.linspace(0, 1, 1001)


def last_outside(error: np.ndarray, axis: np.ndarray) -> float:
    outside = np.flatnonzero(np.abs(error) > BAND)
    return float(axis[outside[-1]]) if outside.size else 0.0


@given(st.floats(0.01, 30.0))
def test_one_pole_is_settled_exactly_where_the_truth_has_been_for_a_while(tau: float) -> None:
    """Time constants in windows: the truth settles after τ ln 100."""
    found = tail(WINDOW, 1 - np.exp(-WINDOW / tau), 0.0, 1.0, BAND)
    truth = tau * math.log(1 / BAND)
    assert found.settled == (found.settled and truth < 5 / 6)
    if truth < 0.75:
        assert found.settled and found.final == pytest.approx(1.0, abs=BAND / 10)
    if truth > 5 / 6:
        assert not found.settled
        if tau < 8:
            # what is extrapolated is the truth, and so is the window that it takes
            assert found.final == pytest.approx(1.0, abs=BAND / 10)
            assert truth < found.wanted < 2 * max(truth, 1.0)


@given(st.floats(0.02, 0.9), st.floats(0.02, 3.0))
def test_two_poles_that_ring_are_never_settled_before_the_truth(damping: float, natural: float) -> None:
    """Natural period in windows. A longer look says whether what was called settled has settled."""
    axis = np.linspace(0, 40, 40001)
    rate, ring = 2 * math.pi / natural, math.sqrt(1 - damping**2)
    error = -np.exp(-damping * rate * axis) * np.cos(ring * rate * axis - math.asin(damping)) / ring
    inside = axis <= 1.0
    found = tail(axis[inside], 1 + error[inside], 0.0, 1.0, BAND)
    if found.settled:
        assert found.final == pytest.approx(1.0, abs=BAND / 2)
        assert last_outside(error, axis) <= 1.0
    elif last_outside(error, axis) > 1.5 and not found.oscillates:
        assert found.wanted > 1


@given(st.floats(0.02, 0.2), st.floats(0.2, 8.0), st.floats(0.01, 0.03))
def test_a_slow_doublet_is_seen(amplitude: float, slow: float, fast: float) -> None:
    """A fast pole brings the output near, a pole and a zero close together leave a part of the step that comes with
    time constant `slow`.
    """
    value = 1 - (1 - amplitude) * np.exp(-WINDOW / fast) - amplitude * np.exp(-WINDOW / slow)
    found = tail(WINDOW, value, 0.0, 1.0, BAND)
    truth = slow * math.log(amplitude / BAND)
    if truth > 1:
        # the last value would have passed for the end: at 500 ns where the truth is 100 us
        assert not found.settled and abs(found.final - 1) < abs(value[-1] - 1) / 2
        assert found.wanted > truth / 4
    elif found.settled:
        assert found.final == pytest.approx(1.0, abs=BAND / 2)


def test_slewing_oscillation_and_silence() -> None:
    slewing = tail(WINDOW, 0.3 * WINDOW, 0.0, 1.0, BAND)
    assert not slewing.settled and not slewing.oscillates and slewing.wanted > 2
    assert tail(WINDOW, np.sin(60 * WINDOW), 0.0, 1.0, BAND).oscillates
    assert not tail(WINDOW, 1 + BAND / 4 * np.sin(60 * WINDOW), 0.0, 1.0, BAND).oscillates
    assert tail(WINDOW, np.full_like(WINDOW, 0.9), 0.0, 1.0, BAND).settled


SETTINGS = {"hold": 1e-6, "vcm": 0.9, "step": 0.4, "tolerance": 1.0}


def step_of(tau: float, hold: float = 1e-6, delay: float = 0.0) -> Waveform:
    """The step template's waveform of a follower with one pole."""
    time = np.linspace(0, 2.1 * hold, 2101)
    up = np.clip(time - hold / 10 - delay, 0, None)
    down = np.clip(time - 1.1 * hold - delay, 0, None)
    return Waveform("tran", time, {"out": 0.7 + 0.4 * ((1 - np.exp(-up / tau)) - (1 - np.exp(-down / tau)))})


@pytest.mark.parametrize("tau", [1e-8, 5e-8, 1e-7, 1.5e-7])
def test_what_settles_in_the_window_is_a_number(tau: float) -> None:
    wave = step_of(tau)
    assert metrics.measure("settling_time", wave, SETTINGS) == (
        pytest.approx(tau * math.log(100), rel=0.02),
        "",
        "",
        0.0,
    )
    # 20 % to 80 % of a pole takes τ ln 4
    assert metrics.measure("slew_rate_up", wave, SETTINGS).value == pytest.approx(0.24 / (tau * math.log(4)), rel=0.03)
    assert metrics.measure("overshoot", wave, SETTINGS) == (pytest.approx(0.0, abs=0.05), "", "", 0.0)


@pytest.mark.parametrize("tau", [2.5e-7, 5e-7, 2e-6, 7e-6])
def test_the_end_of_the_window_is_a_bound_and_not_a_value(tau: float) -> None:
    wave = step_of(tau)
    value, why, bound, wanted = metrics.measure("settling_time", wave, SETTINGS)
    assert (why, bound) == ("not settled", ">") and value is not None
    truth = tau * math.log(100)
    assert 0.8e-6 < value <= 1e-6 * (1 + 1e-9) and value < truth
    assert truth < wanted * 1e-6 < 3 * truth
    slew = metrics.measure("slew_rate_up", wave, SETTINGS)
    assert slew.bound == "<" and slew.value is not None and slew.value > 0.24 / (tau * math.log(4)) * 0.999
    over = metrics.measure("overshoot", wave, SETTINGS)
    assert over.bound == ">" and over.value == pytest.approx(0.0, abs=1e-6)


def test_a_falling_edge_that_does_not_reach_its_end() -> None:
    """Up in no time, down in ten windows."""
    time = np.linspace(0, 2.1e-6, 2101)
    up = np.clip(time - 1e-7, 0, None)
    falling = np.clip(time - 1.1e-6, 0, None)
    wave = Waveform("tran", time, {"out": 0.7 + 0.4 * (1 - np.exp(-up / 1e-8)) - 4e4 * falling})
    assert metrics.measure("slew_rate_up", wave, SETTINGS).bound == ""
    found = metrics.measure("slew_rate_down", wave, SETTINGS)
    assert found.bound == "<" and found.value is not None and found.value > 4e4 and found.wanted > 1


def test_an_amplifier_that_rings_on_the_falling_edge_alone() -> None:
    """A pole up, two that ring down: closed form of the envelope and of the first peak."""
    time, damping, natural = np.linspace(0, 2.1e-6, 21001), 0.2, 1e8
    up, down = np.clip(time - 1e-7, 0, None), np.clip(time - 1.1e-6, 0, None)
    decay, swing = np.exp(-damping * natural * down), natural * math.sqrt(1 - damping**2)
    ring = 1 - decay * (np.cos(swing * down) + damping / math.sqrt(1 - damping**2) * np.sin(swing * down))
    wave = Waveform("tran", time, {"out": 0.7 + 0.4 * (1 - np.exp(-up / 1e-8)) - 0.4 * ring})
    found = {name: metrics.measure(name, wave, SETTINGS).value for name in ("settling_time", "overshoot")}
    assert found["settling_time"] == pytest.approx(1e-8 * math.log(100), rel=0.02)
    assert found["overshoot"] == pytest.approx(0.0, abs=0.05)
    settled = metrics.measure("settling_time_down", wave, SETTINGS).value
    last = time[np.flatnonzero(np.abs(ring - 1)[time > 1.1e-6] > 0.01)[-1] + np.searchsorted(time, 1.1e-6, "right")]
    assert settled == pytest.approx(float(last) - 1.1e-6, rel=0.01)
    assert 2 / (damping * natural) < settled < math.log(100 / math.sqrt(1 - damping**2)) / (damping * natural)
    peak = 100 * math.exp(-math.pi * damping / math.sqrt(1 - damping**2))
    assert metrics.measure("overshoot_down", wave, SETTINGS).value == pytest.approx(peak, rel=0.002)


def test_an_output_that_oscillates_has_no_numbers_and_a_dead_one_says_so() -> None:
    time = np.linspace(0, 2.1e-6, 2101)
    ringing = Waveform("tran", time, {"out": 0.7 + 0.4 * (time > 1e-7) + 0.1 * np.sin(time * 2e8)})
    for metric in ("settling_time", "slew_rate_up", "overshoot"):
        assert metrics.measure(metric, ringing, SETTINGS) == (None, "the output oscillates", "", 0.0)
    dead = Waveform("tran", time, {"out": np.full_like(time, 0.7)})
    assert metrics.measure("settling_time", dead, SETTINGS) == (
        None,
        "the output moves 0 V for a step of 400 mV",
        "",
        0.0,
    )


def test_a_load_step_that_has_not_recovered() -> None:
    time = np.linspace(0, 42e-6, 4201)
    settings = {"hold": 20e-6}

    def stepped(tau: float, back: float) -> Waveform:
        """The output falls with `tau` towards a dip that recovers with `back`, to 10 mV below what it was; then the
        same up.
        """
        on, off = np.clip(time - 2e-6, 0, None), np.clip(time - 22e-6, 0, None)

        def dip(at: np.ndarray) -> np.ndarray:
            return 0.01 * (1 - np.exp(-at / back)) + 0.1 * (np.exp(-at / back) - np.exp(-at / tau))

        return Waveform("tran", time, {"out": 1.2 - dip(on) + dip(off)})

    for metric in ("load_undershoot", "load_overshoot"):
        quick = metrics.measure(metric, stepped(1e-7, 1e-6), settings)
        assert quick.bound == "" and quick.value is not None and 0.05 < quick.value < 0.1
        slow = metrics.measure(metric, stepped(1e-7, 3e-5), settings)
        assert (slow.bound, slow.why) == (">", "not recovered") and slow.wanted > 1
        falling = metrics.measure(metric, stepped(4e-5, 4e-4), settings)
        assert falling.bound == ">"
