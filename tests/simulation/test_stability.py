"""Stability margins against the roots of the closed loop, and against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eda_agent.metrics import stability
from eda_agent.metrics.measurable import Censored, Unmeasurable

FREQUENCY = np.logspace(0, 10, 4001)


def loop(gain: float, *poles: float, zeros: tuple[float, ...] = ()) -> np.ndarray:
    """A0 / Π(1 + jf/p) · Π(1 + jf/z)."""
    response = np.full(FREQUENCY.shape, gain, dtype=complex)
    for pole in poles:
        response /= 1 + 1j * FREQUENCY / pole
    for zero in zeros:
        response *= 1 + 1j * FREQUENCY / zero
    return response


def closed_loop_poles(gain: float, poles: tuple[float, ...], zeros: tuple[float, ...]) -> np.ndarray:
    """Roots of Π(1 + s/p) + A0 Π(1 + s/z), in the unit of the poles."""
    left, right = np.poly1d([1.0]), np.poly1d([gain])
    for pole in poles:
        left *= np.poly1d([1 / pole, 1])
    for zero in zeros:
        right *= np.poly1d([1 / zero, 1])
    return (left + right).roots


exponent = st.floats(3, 8)


@given(st.floats(0, 6), st.lists(exponent, min_size=3, max_size=5), st.lists(exponent, max_size=2))
def test_the_sign_of_both_margins_is_stability(gain: float, poles: list[float], zeros: list[float]) -> None:
    """Any loop of real poles and zeros, conditionally stable ones and those that cross 1 several times among them."""
    a0, p, z = 10**gain, tuple(10**value for value in poles), tuple(10**value for value in zeros)
    assume(len(z) < len(p))
    scale = 10 ** float(np.mean(poles))  # roots of polynomials with coefficients of very different size are inaccurate
    roots = closed_loop_poles(a0, tuple(value / scale for value in p), tuple(value / scale for value in z))
    damping = min(-root.real / abs(root) for root in roots)
    assume(abs(damping) > 1e-3)
    transfer = loop(a0, *p, zeros=z)
    assume(abs(transfer[-1]) < 1)
    assert (seen_of(transfer) > 0) == (damping > 0)
    try:
        assert (stability.phase_margin(transfer) > 0) == (damping > 0)
    except Unmeasurable:
        assert damping > 0  # never above 1: nothing to be unstable with


def test_gain_margin_of_three_equal_poles() -> None:
    # each turns by 60° at √3 p, where |T| = A/8
    assert stability.gain_margin(loop(4.0, 1e5, 1e5, 1e5)) == pytest.approx(20 * math.log10(2), abs=0.02)
    assert stability.gain_margin(loop(16.0, 1e5, 1e5, 1e5)) == pytest.approx(-20 * math.log10(2), abs=0.02)


def seen_of(transfer: np.ndarray) -> float:
    """The gain margin, or what it is above."""
    try:
        return stability.gain_margin(transfer)
    except Censored as error:
        assert error.bound == ">"
        return error.value


def test_gain_margin_without_a_turn_is_above_the_attenuation_at_the_end() -> None:
    with pytest.raises(Censored, match="never turns") as found:
        stability.gain_margin(loop(100.0, 1e3))
    assert (found.value.bound, found.value.value) == (">", pytest.approx(20 * math.log10(1e10 / 1e5), abs=0.01))


def test_a_wrong_branch_cannot_pass_for_phase_margin() -> None:
    # five poles below unity gain turn the loop past 360°: wrapped it would look like a fine amplifier
    transfer = loop(1e6, 1e3, 1e4, 1e4, 1e4, 1e4)
    unity = FREQUENCY[np.flatnonzero(abs(transfer) < 1)[0]]
    exact = 180 - math.degrees(math.atan(unity / 1e3) + 4 * math.atan(unity / 1e4))
    assert stability.phase_margin(transfer) == pytest.approx(exact, abs=0.5)
    assert exact < -60


def test_a_conditionally_stable_loop_has_its_smaller_gain_margin() -> None:
    """Three poles at the bottom and two zeros before the crossing: less gain makes it oscillate, as Routh says."""
    poles, zeros = (1e3, 1e3, 1e3), (1e6, 1e6)
    transfer = loop(1e11, *poles, zeros=zeros)
    margin = stability.gain_margin(transfer)
    assert margin > 0 and stability.phase_margin(transfer) > 0
    # the same loop with that much less gain, and a little less still
    for less, stable in ((margin - 0.2, True), (margin + 0.2, False)):
        gain = 1e11 * 10 ** (-less / 20)
        assert bool(closed_loop_poles(gain, (1, 1, 1), (1e3, 1e3)).real.max() < 0) is stable
        assert (stability.phase_margin(loop(gain, *poles, zeros=zeros)) > 0) is stable


def test_of_several_crossings_the_worst_counts() -> None:
    """A resonance lifts the gain above 1 once more; in the middle of it the phase turns."""
    resonance = 1 / (1 - (FREQUENCY / 1e7) ** 2 + 0.002j * FREQUENCY / 1e7)
    transfer = loop(1e3, 1e3) * resonance
    first = FREQUENCY[np.flatnonzero(abs(transfer) < 1)[0]]
    assert first < 2e6
    # T = −j (f0/f) R with f0 = 1 MHz: at the peak |T| = 50 and the phase is −180°
    assert stability.phase_margin(transfer) < 0
    assert stability.gain_margin(transfer) == pytest.approx(-20 * math.log10(1e6 / 1e7 / 0.002), abs=0.3)


def test_an_inverting_path_has_no_phase_margin() -> None:
    with pytest.raises(Unmeasurable, match="inverts"):
        stability.phase_margin(-loop(1e3, 1e3))


def test_a_loop_that_never_reaches_one_has_no_phase_margin() -> None:
    with pytest.raises(Unmeasurable, match="never reaches 1"):
        stability.phase_margin(loop(0.5, 1e3))
    assert seen_of(loop(0.5, 1e3)) > 6
