"""Measurements against closed forms: analytic amplifiers, RC, ideal sines, second-order steps."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent import metrics
from eda_agent.metrics.gain import bandwidth, dc_gain, peaking, unity_gain_frequency
from eda_agent.metrics.geometry import gate_area
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.noise import integrated_noise, spot_noise
from eda_agent.metrics.ranges import linear_range
from eda_agent.metrics.reference import temperature_coefficient
from eda_agent.metrics.regulator import dropout, slope
from eda_agent.metrics.rejection import rejection
from eda_agent.metrics.stability import phase_margin
from eda_agent.metrics.waveform import Waveform

FREQUENCY = np.logspace(0, 10, 401)


def amplifier(gain: float, *poles: float, zeros: tuple[float, ...] = ()) -> np.ndarray:
    """A0 / Π(1 + jf/p) · Π(1 + jf/z); a negative zero lies in the right half plane."""
    response = np.full(FREQUENCY.shape, gain, dtype=complex)
    for pole in poles:
        response /= 1 + 1j * FREQUENCY / pole
    for zero in zeros:
        response *= 1 + 1j * FREQUENCY / zero
    return response


def two_pole_unity(gain: float, first: float, second: float) -> float:
    """|H| = 1 for two poles: x² + x(p1² + p2²) + p1²p2²(1 − A²) = 0 in x = f²."""
    b, c = first**2 + second**2, (first * second) ** 2 * (1 - gain**2)
    return math.sqrt((-b + math.sqrt(b * b - 4 * c)) / 2)


@given(st.floats(20, 1e5), st.floats(10, 1e4), st.floats(1e5, 1e9))
def test_two_pole_amplifier(gain: float, first: float, second: float) -> None:
    transfer = amplifier(gain, first, second)
    unity = two_pole_unity(gain, first, second)
    if unity > 5e9:
        return
    # the lowest frequency is 1 Hz, a tenth of the lowest pole at most
    assert dc_gain(transfer) == pytest.approx(20 * math.log10(gain), abs=0.05)
    assert unity_gain_frequency(FREQUENCY, transfer) == pytest.approx(unity, rel=2e-3)
    exact = 180 - math.degrees(math.atan(unity / first) + math.atan(unity / second))
    assert phase_margin(transfer) == pytest.approx(exact, abs=0.2)


def test_bandwidth_of_an_rc() -> None:
    resistance, capacitance = 1e3, 1e-12
    pole = 1 / (2 * math.pi * resistance * capacitance)
    assert bandwidth(FREQUENCY, amplifier(1.0, pole)) == pytest.approx(pole, rel=2e-3)


@pytest.mark.parametrize(
    ("gain", "why"), [(0.5, "never reaches 1: it is -6.02 dB at most"), (1e12, "never falls through 1")]
)
def test_no_crossing_is_no_number(gain: float, why: str) -> None:
    with pytest.raises(Unmeasurable, match=why):
        unity_gain_frequency(FREQUENCY, amplifier(gain, 1e3))


def test_integrated_noise_of_an_rc_is_kt_over_c() -> None:
    boltzmann, temperature, resistance, capacitance = 1.380649e-23, 300.0, 1e4, 1e-12
    frequency = np.logspace(0, 13, 1301)
    density = np.sqrt(4 * boltzmann * temperature * resistance) / np.sqrt(
        1 + (2 * math.pi * frequency * resistance * capacitance) ** 2
    )
    assert integrated_noise(frequency, density) == pytest.approx(
        math.sqrt(boltzmann * temperature / capacitance), rel=1e-3
    )


def test_integrated_flicker_noise_is_a_logarithm() -> None:
    frequency = np.logspace(0, 6, 61)
    assert integrated_noise(frequency, 1e-6 / np.sqrt(frequency)) == pytest.approx(
        1e-6 * math.sqrt(math.log(1e6)), rel=1e-9
    )


def test_spot_noise_between_points_follows_the_power_law() -> None:
    frequency = np.logspace(0, 6, 7)
    assert spot_noise(frequency, 1e-6 / np.sqrt(frequency), 3e3) == pytest.approx(1e-6 / math.sqrt(3e3), rel=1e-9)
    with pytest.raises(Unmeasurable):
        spot_noise(frequency, frequency, 1e7)


def test_linear_range_of_a_clipped_line() -> None:
    sweep = np.linspace(0, 1.8, 1801)
    assert linear_range(sweep, np.clip(1.8 - sweep, 0.3, 1.4), 0.9, -1.0) == pytest.approx((0.4, 1.5), abs=0.002)
    with pytest.raises(Unmeasurable):
        linear_range(sweep, np.full_like(sweep, 0.9), 0.9)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_linear_range_need_not_hold_the_middle_of_the_sweep(direction: int) -> None:
    sweep = np.linspace(0, 1.8, 181)[::direction]
    assert linear_range(sweep, np.maximum(sweep, 1.0), 0.9) == pytest.approx((1.0, 1.8), abs=0.01)


def test_a_jump_and_an_inverted_slope_are_not_linear() -> None:
    sweep = np.linspace(0, 1.8, 181)
    # stuck at 0 up to 0.6 V, jumps, and follows: the jump of 0.6 V is no swing
    assert linear_range(sweep, np.where(sweep < 0.6, 0.0, sweep), 0.9) == pytest.approx((0.61, 1.8), abs=0.011)
    # the phase turns over below 0.5 V, as an input pair does beyond its common mode
    assert linear_range(sweep, np.abs(sweep - 0.5) + 0.5, 0.9) == pytest.approx((0.5, 1.8), abs=0.011)


def test_a_linear_range_ends_between_grid_points() -> None:
    sweep = np.linspace(0, 1.8, 181)
    # slope 1 − (x/1.5)²: within 10 % up to 1.5·√0.1
    assert linear_range(sweep, sweep - sweep**3 / (3 * 1.5**2), 0.9)[1] == pytest.approx(1.5 * math.sqrt(0.1), abs=1e-3)


def test_rejection_and_peaking_of_a_resonance() -> None:
    w0, q = 1e6, 4.0
    s = 1j * FREQUENCY / w0
    second_order = 1 / (1 + s / q + s**2)
    # |H| peaks at Q / sqrt(1 - 1/(4 Q^2))
    assert peaking(FREQUENCY, second_order) == pytest.approx(
        20 * math.log10(q / math.sqrt(1 - 1 / (4 * q * q))), abs=1e-6
    )
    assert peaking(FREQUENCY, 1 / (1 + s)) == 0.0
    assert rejection(FREQUENCY, 1e-3 * (1 + 1j * FREQUENCY / 1e3), 1e3) == pytest.approx(
        60 - 10 * math.log10(2), abs=0.05
    )


@given(st.floats(0.75, 30), st.floats(1e4, 1e7))
def test_a_peak_between_grid_points_is_found(q: float, natural: float) -> None:
    s = 1j * FREQUENCY / natural
    peak = 20 * math.log10(q / math.sqrt(1 - 1 / (4 * q * q)))
    assert peaking(FREQUENCY, 1 / (1 + s / q + s**2)) == pytest.approx(peak, abs=1e-3)


def test_nothing_is_said_of_frequencies_outside_the_sweep() -> None:
    for at in (0.1, 1e11):
        with pytest.raises(Unmeasurable, match="was not simulated"):
            rejection(FREQUENCY, amplifier(1e-3, 1e3), at)


def test_no_bandwidth_and_peaking_where_the_sweep_begins_above_the_pole() -> None:
    # at 0.3 Hz the pole lies below the first point: 3 dB below that is at 1.4 Hz, which is nothing of the amplifier's
    for measured in (bandwidth, peaking):
        with pytest.raises(Unmeasurable, match="f_start"):
            measured(FREQUENCY, amplifier(1e6, 0.3))
        # a path that is coupled by a capacitor
        with pytest.raises(Unmeasurable, match="f_start"):
            measured(FREQUENCY, 1 - amplifier(1.0, 1e4))


def test_a_regulator_with_known_slopes_and_dropout() -> None:
    supply = np.linspace(2.0, 0.6, 281)
    # regulates at 1.2 V with 5 mV/V, and follows 0.1 V below its input when that is too low
    output = np.minimum(1.2 + 5e-3 * (supply - 1.8), supply - 0.1)
    assert slope(supply, output, 1.71, 1.89) == pytest.approx(5e-3)
    level = 0.98 * 1.2
    assert dropout(supply, output, 1.8) == pytest.approx((level + 0.1) - level, abs=1e-6)
    with pytest.raises(Unmeasurable):
        dropout(supply, np.full_like(supply, 1.2), 1.8)
    # an output that hangs 0.1 V below its input everywhere drops out of nothing
    with pytest.raises(Unmeasurable, match="does not regulate"):
        dropout(supply, supply - 0.1, 1.8, 1.2)
    for low, high in ((0.5, 1.8), (1.8, 2.1)):
        with pytest.raises(Unmeasurable, match="does not reach"):
            slope(supply, output, low, high)
    with pytest.raises(Unmeasurable, match="does not reach"):
        dropout(supply, output, 2.2)


def test_temperature_coefficient_of_a_parabola() -> None:
    temperature = np.linspace(-40, 125, 34)
    curve = 1.2 - 1e-7 * (temperature - 42.5) ** 2
    expected = 1e6 * (curve.max() - curve.min()) / (curve.mean() * 165)
    assert temperature_coefficient(temperature, curve) == pytest.approx(expected)
    assert temperature_coefficient(temperature, np.full(34, 1.2)) == 0.0


def test_gate_area() -> None:
    assert gate_area([{"w": 2e-6, "l": 1e-6, "m": 3.0}, {"w": 1e-6, "l": 0.5e-6}]) == pytest.approx(6.5e-12)


def test_every_metric_can_be_measured_and_says_why_it_cannot() -> None:
    value, why, *_ = metrics.measure("gbw", Waveform("ac", FREQUENCY, {"out": amplifier(0.5, 1e3)}), {})
    assert value is None
    assert "never" in why
    assert metrics.measure("delay", Waveform("tran", FREQUENCY, {}), {"frequency": 1e6}) == (
        None,
        "the testbench has no probe or setting 'outp'",
        "",
        0.0,
    )


def test_phase_helper_agrees_with_cmath() -> None:
    transfer = amplifier(1e3, 1e3, 1e8)
    unity = unity_gain_frequency(FREQUENCY, transfer)
    index = int(np.argmin(np.abs(FREQUENCY - unity)))
    assert phase_margin(transfer) == pytest.approx(180 + math.degrees(cmath.phase(transfer[index])), abs=3)
