"""Measurements of transient waveforms, on waveforms whose values are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eda_agent.metrics import METRICS
from eda_agent.metrics.comparator import decision_delay
from eda_agent.metrics.distortion import harmonic_distortion
from eda_agent.metrics.measurable import Censored, Unmeasurable, crossing, mean
from eda_agent.metrics.oscillator import period_modulation, rising_edges
from eda_agent.metrics.step import overshoot, settling_time, slew_rate
from eda_agent.metrics.waveform import Waveform


def test_mean_of_an_ideal_sine_over_whole_periods() -> None:
    rng = np.random.default_rng(1)
    time = np.unique(np.concatenate([np.linspace(0, 2, 4001), rng.uniform(0, 2, 500)]))
    assert mean(time, 0.3 + np.sin(2 * np.pi * time), 0.25, 1.25) == pytest.approx(0.3, abs=1e-5)


def test_crossings_of_an_ideal_sine() -> None:
    time = np.linspace(0, 3, 3001)
    value = np.sin(2 * np.pi * time)
    assert crossing(time, value, 0.5, rising=True, after=0.5) == pytest.approx(1 + 1 / 12, abs=1e-5)
    assert crossing(time, value, 0.5, rising=False, after=0.5) == pytest.approx(1 + 5 / 12, abs=1e-5)
    with pytest.raises(Unmeasurable):
        crossing(time, value, 1.5, rising=True)


@given(st.floats(1e-9, 1e-6))
def test_settling_of_an_rc_is_tau_times_a_logarithm(tau: float) -> None:
    time = np.linspace(0, 12 * tau, 6001)
    value = 1 - np.exp(-time / tau)
    assert settling_time(time, value, 1.0, 0.01, 0.0, 12 * tau) == pytest.approx(tau * math.log(100), rel=1e-3)
    # 20 % to 80 % of an exponential takes τ ln 4
    assert slew_rate(time, value, 0.0, 1.0, rising=True, after=0.0, before=12 * tau) == pytest.approx(
        0.6 / (tau * math.log(4)), rel=1e-3
    )


@pytest.mark.parametrize("kick", [0.0, 0.15, 0.3])
def test_a_kick_before_the_output_slews_does_not_count(kick: float) -> None:
    """A kick to 30 % made the slope 2.4 times too small; 20 % lies below it."""
    time = np.linspace(0, 1e-6, 4001)
    value = np.interp(time, [0, 1e-7, 1.01e-7, 1.2e-7, 2e-7, 4e-7, 1e-6], [0, 0, kick, 0, 0, 1, 1])
    assert slew_rate(time, value, 0.0, 1.0, rising=True, after=1e-7, before=1e-6) == pytest.approx(5e6, rel=1e-3)
    down = slew_rate(time, 1 - value, 0.0, 1.0, rising=False, after=1e-7, before=1e-6)
    assert down == pytest.approx(5e6, rel=1e-3)


def test_slew_of_a_falling_ramp_is_its_slope() -> None:
    time = np.linspace(0, 1e-6, 1001)
    value = np.clip(1 - 5e6 * (time - 2e-7), 0, 1)
    assert slew_rate(time, value, 0.0, 1.0, rising=False, after=1e-7, before=1e-6) == pytest.approx(5e6, rel=1e-6)


@pytest.mark.parametrize("edge", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("metric", ["slew_rate_up", "slew_rate_down"])
def test_an_edge_that_the_source_limits_is_a_bound(metric: str, edge: float) -> None:
    """One pole of 1 ns behind a ramp, in closed form: with an ideal step its slope is 0.6/(τ ln 4)."""
    tau, hold = 1e-9, 1e-7
    time = np.unique(
        np.concatenate(
            [np.linspace(0, 2.1 * hold, 20001), *(hold * x + np.linspace(0, 9e-9, 9001) for x in (0.1, 1.1))]
        )
    )

    def ramp(start: float) -> NDArray[np.float64]:
        x, y = (np.maximum(time - start - late, 0) / tau for late in (0.0, edge * tau))
        found: NDArray[np.float64] = ((x - 1 + np.exp(-x)) - (y - 1 + np.exp(-y))) / edge
        return found

    wave = Waveform("tran", time, {"out": ramp(0.1 * hold) - ramp(1.1 * hold)})
    settings = {"vcm": 0.5, "step": 1.0, "hold": hold, "edge": edge * tau, "tolerance": 1.0, "time_step": hold / 200}
    ideal = 0.6 / (tau * math.log(4))
    if edge < 0.5:
        assert METRICS[metric].measure(wave, settings) == pytest.approx(ideal, rel=2e-3)
        return
    with pytest.raises(Censored, match="input's edge") as bound:
        METRICS[metric].measure(wave, settings)
    assert bound.value.bound == ">"
    # edges of 1 and 3 time constants: 4 % and a third below the slope behind a step
    assert bound.value.value / ideal == pytest.approx({1.0: 1 / 1.042, 3.0: 1 / 1.531}[edge], rel=2e-3)


@given(st.floats(0.1, 0.9))
def test_overshoot_of_a_second_order_system(damping: float) -> None:
    time = np.linspace(0, 40, 40001)
    ring = math.sqrt(1 - damping**2)
    value = 1 - np.exp(-damping * time) * np.cos(ring * time - math.asin(damping)) / ring
    assert overshoot(time, value, 0.0, 1.0, 0.0, 40.0) == pytest.approx(
        100 * math.exp(-math.pi * damping / ring), rel=1e-2, abs=1e-3
    )


def test_an_output_that_does_not_settle_has_no_settling_time() -> None:
    time = np.linspace(0, 1, 1001)
    with pytest.raises(Unmeasurable):
        settling_time(time, np.sin(50 * time), 0.0, 0.01, 0.0, 1.0)


def decision(time: np.ndarray, *edges: tuple[float, int]) -> np.ndarray:
    value = np.zeros_like(time)
    for start, sign in edges:
        value += sign * np.clip((time - start) / 0.01, 0, 1) * (time < start + 0.5)
    return value


def test_the_slower_decision_counts_and_a_wrong_one_is_none() -> None:
    time = np.linspace(0, 2.4, 24001)
    clock = ((time % 1.0) >= 0.5).astype(float)
    windows = [(0.45, 0.98, 1), (1.45, 1.98, -1)]
    right = decision(time, (0.6, 1), (1.75, -1))
    assert decision_delay(time, clock, right, 0.5, windows) == pytest.approx(0.255, abs=1e-3)
    with pytest.raises(Unmeasurable):
        decision_delay(time, clock, -right, 0.5, windows)
    # what crosses and falls back has not decided: the decision is the crossing after which it holds
    hesitant = right - decision(time, (0.7, 1)) + decision(time, (0.8, 1))
    assert decision_delay(time, clock, hesitant, 0.5, windows) == pytest.approx(0.305, abs=1e-3)


@pytest.mark.parametrize("share", [0.01, 0.1])
def test_harmonic_distortion_of_known_harmonics(share: float) -> None:
    time = np.linspace(0, 3e-3, 6001)
    phase = 2 * math.pi * 1e3 * time
    wave = 0.9 + np.sin(phase) + share * np.sin(2 * phase + 0.3) + share / 2 * np.cos(3 * phase)
    assert harmonic_distortion(time, wave, 1e3) == pytest.approx(100 * share * math.sqrt(1.25), rel=2e-3)
    assert harmonic_distortion(time, np.sin(phase), 1e3) < 0.01
    with pytest.raises(Unmeasurable):
        harmonic_distortion(time[:100], wave[:100], 1e3)


def test_edges_of_a_sine_that_is_modulated() -> None:
    time = np.linspace(0, 40e-9, 40001)
    # around 1.7 V: an oscillator on a coil swings around its supply
    steady = 1.7 + np.sin(2 * math.pi * 1e9 * time)
    found = np.diff(rising_edges(time, steady, 20e-9))
    assert found.mean() == pytest.approx(1e-9, rel=1e-5)
    assert found.std() < 1e-14
    with pytest.raises(Unmeasurable, match="stands still"):
        rising_edges(time, np.full_like(time, 0.9), 20e-9)
    # ringing that dies out, and what has not come to its amplitude yet
    for rate in (-3e7, 3e7):
        with pytest.raises(Unmeasurable, match="its swing goes from"):
            rising_edges(time, np.exp(rate * (time - 20e-9)) * np.sin(2 * math.pi * 1e9 * time), 20e-9)


@given(st.floats(0, 6.28), st.floats(1.1, 4.9))
def test_a_known_modulation_of_the_period_is_found_wherever_it_is_cut_off(phase: float, cycles: float) -> None:
    """The instantaneous frequency f0 (1 + a cos) bends the period by a/√2 of it, less what averaging over a period
    takes: sinc.
    """
    time = np.linspace(0, 40e-9, 20001)
    slow, depth = cycles / 20e-9, 0.02
    turns = 1e9 * time + 1e9 * depth / (2 * math.pi * slow) * np.sin(2 * math.pi * slow * time + phase)
    edges = rising_edges(time, np.sin(2 * math.pi * turns), 20e-9)
    expected = 1e-9 * depth / math.sqrt(2) * float(np.sinc(slow / 1e9))
    assert period_modulation(edges, slow) == pytest.approx(expected, rel=0.04)
