"""Values beyond the end of a sweep, on closed forms: each is a bound on the right side of the truth, and a number once
the sweep holds it.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from eda_agent import metrics
from eda_agent.metrics.waveform import Waveform


def sweep(gain: float, pole: float, start: float = 1.0, stop: float = 1e9) -> Waveform:
    frequency = np.geomspace(start, stop, round(20 * math.log10(stop / start)) + 1)
    return Waveform("ac", frequency, {"out": gain / (1 + 1j * frequency / pole)})


def test_a_bandwidth_beyond_either_end_of_the_sweep() -> None:
    for metric, truth in (("gbw", 1e3 * 1e5), ("bandwidth", 1e5)):
        inside = metrics.measure(metric, sweep(1e3, 1e5), {})
        assert inside.value == pytest.approx(truth, rel=0.01) and inside.bound == ""
        beyond = metrics.measure(metric, sweep(1e3, 1e5, stop=1e4), {})
        assert (beyond.value, beyond.bound) == (pytest.approx(1e4), ">") and beyond.value < truth and beyond.wanted > 1
    below = metrics.measure("bandwidth", sweep(1e6, 0.3), {})
    assert below.bound == "<" and below.value is not None and below.value > 0.3 and below.wanted > 1
    # with the sweep's start lowered it is a number
    assert metrics.measure("bandwidth", sweep(1e6, 0.3, start=1e-3), {}).value == pytest.approx(0.3, rel=0.01)


def test_the_gain_of_an_amplifier_whose_pole_lies_below_the_sweep() -> None:
    seen = metrics.measure("dc_gain", sweep(1e6, 0.3), {})
    assert seen.bound == ">" and seen.value is not None and 105 < seen.value < 120 and seen.why
    assert metrics.measure("dc_gain", sweep(1e6, 0.3, start=1e-3), {}) == (pytest.approx(120.0, abs=0.01), "", "", 0.0)
    assert metrics.measure("dc_gain", sweep(1e6, 10.0), {}).bound == ""


def test_a_phase_that_never_turns_bounds_the_gain_margin() -> None:
    found = metrics.measure("gain_margin", sweep(100.0, 1e3), {})
    assert (found.value, found.bound) == (pytest.approx(20 * math.log10(1e9 / 1e5), abs=0.01), ">")
    frequency = sweep(1.0, 1.0).axis
    three = Waveform("ac", frequency, {"out": 4.0 / (1 + 1j * frequency / 1e5) ** 3})
    assert metrics.measure("gain_margin", three, {}) == (pytest.approx(20 * math.log10(2), abs=0.03), "", "", 0.0)


def test_a_phase_margin_beyond_the_sweep_is_no_number() -> None:
    found = metrics.measure("phase_margin", sweep(1e3, 1e5, stop=1e4), {})
    assert found.value is None and found.bound == "" and found.wanted > 1


@pytest.mark.parametrize(("metric", "gain"), [("input_range", 1.0), ("output_swing", -1.0)])
def test_a_range_that_goes_up_to_the_rails(metric: str, gain: float) -> None:
    axis = np.linspace(0, 1.8, 181)
    full = 1.8 - axis if gain < 0 else axis
    found = metrics.measure(metric, Waveform("dc", axis, {"out": full}), {"linearity": 0.9})
    assert (found.value, found.bound, found.why) == (pytest.approx(1.8), ">", "to the end of the sweep")
    one = metrics.measure(metric, Waveform("dc", axis, {"out": np.clip(full, 0.2, 2.0)}), {"linearity": 0.9})
    assert one.bound == ">" and one.value == pytest.approx(1.6, abs=0.02)
    both = metrics.measure(metric, Waveform("dc", axis, {"out": np.clip(full, 0.2, 1.5)}), {"linearity": 0.9})
    assert both.bound == "" and both.value == pytest.approx(1.3, abs=0.02)


def test_a_dropout_that_is_never_reached() -> None:
    supply = np.linspace(2.0, 1.4, 61)
    settings = {"vdd": 1.8}
    found = metrics.measure("dropout", Waveform("dc", supply, {"out": np.full_like(supply, 1.2)}), settings)
    assert (found.value, found.bound) == (pytest.approx(0.2), "<")
    reached = metrics.measure("dropout", Waveform("dc", supply, {"out": np.minimum(1.2, supply - 0.35)}), settings)
    assert reached.bound == "" and reached.value == pytest.approx(0.35, abs=0.02)


def oscillation(frequency: float, run: float = 20e-9, decay: float = 0.0) -> Waveform:
    time = np.linspace(0, run, 20001)
    return Waveform("tran", time, {"out": 0.9 + 0.9 * np.sin(2 * math.pi * frequency * time) * np.exp(-time * decay)})


@pytest.mark.parametrize("frequency", [0.12e9, 0.2e9, 0.45e9])
def test_an_oscillator_that_is_slower_than_expected(frequency: float) -> None:
    found = metrics.measure("oscillation_frequency", oscillation(frequency), {"vdd": 1.8})
    assert (found.bound, found.why) == ("<", "too few periods")
    assert found.value is not None and found.value > frequency
    # a run as long as that holds enough of them
    again = metrics.measure("oscillation_frequency", oscillation(frequency, 20e-9 * found.wanted), {"vdd": 1.8})
    assert again.bound == "" and again.value == pytest.approx(frequency, rel=1e-3)


def test_an_oscillation_that_dies_is_none_however_long_one_waits() -> None:
    found = metrics.measure("oscillation_frequency", oscillation(1e9, decay=1e9), {"vdd": 1.8})
    assert found.value is None and found.wanted == 0


def test_a_swing_that_drives_no_stage_has_no_frequency() -> None:
    # the soundness check refuses the same swing
    for share, steady in ((0.09, False), (0.11, True)):
        wave = oscillation(1e9)
        weak = Waveform("tran", wave.axis, {"out": 0.9 + share / 2 * 1.8 * (wave.real("out") - 0.9) / 0.9})
        assert (metrics.measure("oscillation_frequency", weak, {"vdd": 1.8}).value is not None) == steady
    # a kick that dies out: too few edges, but no slow oscillation
    dead = metrics.measure("oscillation_frequency", oscillation(0.2e9, decay=0.3e9), {"vdd": 1.8})
    assert dead.value is None and "stands still" in dead.why


def test_a_decision_that_is_not_taken_in_the_clocks_half() -> None:
    settings = {"frequency": 1e6, "vdd": 1.8}
    time = np.linspace(0, 2.4e-6, 24001)
    clock = 1.8 * ((time % 1e-6) >= 0.5e-6)

    def decided(tau: float, sign: float = 1.0) -> Waveform:
        """Regeneration from 1 mV with a time constant, up after the first edge, down after the second."""
        since = time % 1e-6 - 0.5e-6
        grown = np.where(since > 0, np.minimum(1e-3 * np.exp(np.minimum(since / tau, 50)), 1.8), 0.0)
        difference = sign * np.where(time < 1e-6, grown, -grown)
        return Waveform("tran", time, {"outp": 0.9 + difference / 2, "outn": 0.9 - difference / 2, "clock": clock})

    assert metrics.measure("delay", decided(2e-8), settings) == (
        pytest.approx(2e-8 * math.log(900), rel=0.01),
        "",
        "",
        0.0,
    )
    slow = metrics.measure("delay", decided(2e-7), settings)
    assert (
        (slow.bound, slow.why) == (">", "not decided")
        and slow.value == pytest.approx(0.48e-6, rel=0.01)
        and slow.wanted > 1
    )
    wrong = metrics.measure("delay", decided(2e-7, -1.0), settings)
    assert wrong.value is None and "wrong way" in wrong.why
